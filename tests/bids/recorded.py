"""A BIDS data set of intracranial people who are all one: the recording that ships in py-neuromodulation.

Written with mne-bids. The first person is the recording as it is; the others are changed copies, so the data
set says that it is constructed.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import mne
import mne_bids
import numpy as np

NAME = "Constructed: copies of the recording of py-neuromodulation"
TASK = "gripforce"
KINDS = {"LFP": "dbs", "ECOG": "ecog"}


def write_people(root: Path, recording, subjects):
    """Write the recording once for each subject."""
    for subject in subjects:
        raw = mne.io.read_raw_brainvision(recording.path, verbose="ERROR")
        kinds = {name: KINDS.get(name.split("_")[0], "misc") for name in raw.ch_names}
        raw.set_channel_types(kinds, on_unit_change="ignore", verbose="ERROR")
        raw.info["line_freq"] = 50.0
        places = recording.channels.set_index("name")[["x_m", "y_m", "z_m"]]
        known = {
            name: place.to_numpy(dtype=float) for name, place in places.iterrows() if place.notna().all()
        }
        montage = mne.channels.make_dig_montage(known, coord_frame="mni_tal")
        path = mne_bids.BIDSPath(subject=subject, task=TASK, datatype="ieeg", root=root)
        with warnings.catch_warnings():
            # The recording has no date and no events; mne-bids says so.
            warnings.simplefilter("ignore")
            mne_bids.write_raw_bids(raw, path, montage=montage, overwrite=True, verbose="ERROR")
    about = root / "dataset_description.json"
    content = {**json.loads(about.read_text(encoding="utf-8")), "Name": NAME, "License": "MIT"}
    content["Authors"] = ["Timon Merk and others (the recording)", "nobody (the copies)"]
    about.write_text(json.dumps(content), encoding="utf-8")
    (root / "README").unlink(missing_ok=True)
    (root / "README.md").write_text(f"# {NAME}\n\n{__doc__}\n" * 2, encoding="utf-8")


def samples(root: Path, subject: str):
    """The samples of a person's file, shape (n_times, n_channels), to be changed in place."""
    (header,) = root.glob(f"sub-{subject}/ieeg/*_ieeg.vhdr")
    text = header.read_text(encoding="utf-8", errors="replace")
    n_channels = int(text.split("NumberOfChannels=")[1].split()[0])
    kind = {"IEEE_FLOAT_32": np.float32, "INT_16": np.int16}[text.split("BinaryFormat=")[1].split()[0]]
    return np.memmap(header.with_suffix(".eeg"), dtype=kind, mode="r+").reshape(-1, n_channels)
