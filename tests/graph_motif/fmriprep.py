"""Small folders in the form of fMRIPrep's results."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

N_TIMES, T_R = 80, 2.0
AFFINE = np.array([[-4.0, 0, 0, 12], [0, 4, 0, -16], [0, 0, 4, -8], [0, 0, 0, 1]])
SPACE = "space-MNI152NLin2009cAsym_res-2"
MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]


def write_person(root, number, shared=0.0):
    """One person: a run whose voxels share head motion, its brain mask, and the table of confounds.

    `shared` is the standard deviation of a signal that a corner of the brain has in common.
    """
    rng = np.random.default_rng(number)
    stem = root / f"sub-{number:02d}" / "func" / f"sub-{number:02d}_task-rest"
    stem.parent.mkdir(parents=True)
    motion = np.cumsum(rng.normal(size=(N_TIMES, 6)), axis=0) / 20
    inside = np.zeros((7, 8, 5), np.uint8)
    inside[1:6, 1:7, 1:4] = 1
    inside[1, 1, number % 3 + 1] = 0  # masks of people are not all the same
    data = 1000 + rng.normal(size=(*inside.shape, N_TIMES)) + 8 * motion @ rng.uniform(0.5, 1.5, 6)
    data[1:4, 1:4, 1:3] += shared * rng.normal(size=N_TIMES)
    table = pd.DataFrame(motion, columns=MOTION)
    for name in MOTION:
        table[f"{name}_derivative1"] = table[name].diff()
    table["framewise_displacement"] = table[MOTION].diff().abs().sum(axis=1, min_count=6)
    table[["csf", "white_matter", "global_signal"]] = 900 + rng.normal(size=(N_TIMES, 3))
    table["cosine00"] = np.cos(np.pi * (np.arange(N_TIMES) + 0.5) / N_TIMES)
    table.to_csv(f"{stem}_desc-confounds_timeseries.tsv", sep="\t", index=False, na_rep="n/a")
    image = nib.Nifti1Image(data.astype(np.float32), AFFINE)
    image.header.set_zooms((4, 4, 4, T_R))
    image.header.set_xyzt_units("mm", "sec")
    nib.save(image, f"{stem}_{SPACE}_desc-preproc_bold.nii.gz")
    about = json.dumps({"RepetitionTime": T_R, "SkullStripped": False})
    Path(f"{stem}_{SPACE}_desc-preproc_bold.json").write_text(about, encoding="utf-8")
    nib.save(nib.Nifti1Image(inside, AFFINE), f"{stem}_{SPACE}_desc-brain_mask.nii.gz")


def write_description(root):
    """What makes the folder one of fMRIPrep's."""
    about = {"Name": "fMRIPrep", "BIDSVersion": "1.4.0", "DatasetType": "derivative"}
    (root / "dataset_description.json").write_text(json.dumps(about), encoding="utf-8")
