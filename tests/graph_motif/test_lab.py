"""``neurosci bids --analysis graph_motif``: both levels on a small folder as fMRIPrep writes it."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.masking import apply_mask, intersect_masks
from scipy.stats import ttest_ind

from neurosci.cli import main
from neurosci.graph_motif import NiftiMotifMasker
from neurosci.preprocessing.fmri import read_confounds
from tests.graph_motif.fmriprep import MOTION, write_description, write_person

N_PEOPLE = 12
OPTIONS = ("--analysis", "graph_motif", "--confounds", "motion6", "--threshold", "0.3")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Twelve people, every second a patient whose corner of the brain goes together."""
    root = tmp_path_factory.mktemp("study")
    write_description(root)
    for number in range(1, N_PEOPLE + 1):
        write_person(root, number, shared=0.8 * (number % 2))
    rows = [
        (f"sub-{i:02d}", ("control", "patient")[i % 2], 20 + i % 5, "n/a" if i == 3 else "fm"[i // 2 % 2])
        for i in range(1, N_PEOPLE + 1)
    ]
    people = pd.DataFrame(rows, columns=["participant_id", "group", "age", "sex"])
    people.to_csv(root / "participants.tsv", sep="\t", index=False)
    return root


@pytest.fixture(scope="module")
def results(study, tmp_path_factory):
    """The folder of the participant level."""
    output = tmp_path_factory.mktemp("results") / "motifs"
    assert main(["bids", str(study), str(output), "participant", *OPTIONS]) == 0
    return output


def test_maps_are_those_of_the_masker(study, results):
    masks = sorted(study.glob("sub-*/func/*_desc-brain_mask.nii.gz"))
    mask = intersect_masks(masks, threshold=1, connected=False)
    run = sorted(study.glob("sub-*/func/*_desc-preproc_bold.nii.gz"))[4]
    table = next(study.glob("sub-05/func/*_desc-confounds_timeseries.tsv"))
    confounds = read_confounds(table, columns=MOTION).to_numpy()
    masker = NiftiMotifMasker(mask, threshold=0.3, scale="count").fit()
    expected = masker.transform([run], confounds=[confounds]).reshape(2, -1)
    assert expected[1].sum() > 0
    for name, values in zip(("degree", "triangles"), expected, strict=True):
        (path,) = results.glob(f"sub-05/func/*_stat-{name}_statmap.nii.gz")
        np.testing.assert_array_equal(apply_mask(path, mask, dtype=np.float64), values)
    quality = pd.read_csv(results / "quality.tsv", sep="\t", dtype={"participant_id": str})
    row = quality.set_index("participant_id").loc["05"]
    assert quality["status"].eq("included").all() and len(quality) == N_PEOPLE
    assert (row["n_times"], row["t_r"], row["n_confounds"]) == (80, 2.0, 6)
    assert row["n_edges"] == expected[0].sum() / 2
    assert (results / "dataset_description.json").is_file()


def test_it_goes_on_from_what_is_there(study, results, capsys):
    def written():
        return {path: path.stat().st_mtime_ns for path in results.glob("sub-*/func/*statmap.nii.gz")}

    before = written()
    assert main(["bids", str(study), str(results), "participant", *OPTIONS]) == 0
    assert written() == before
    lost = next(iter(before))
    lost.unlink()
    assert main(["bids", str(study), str(results), "participant", *OPTIONS]) == 0
    assert {path for path, when in written().items() if before[path] != when} == set(
        lost.parent.glob("*statmap.nii.gz")
    )
    assert "12 included, 0 excluded, 0 failed" in capsys.readouterr().out


def test_groups_are_compared(study, results, capsys):
    """Oracle: SciPy's t test where there is one site; the corner of the patients is where they differ."""
    command = ["bids", str(study), str(results), "group", *OPTIONS, "--group-column", "group"]
    assert main([*command, "--n-permutations", "19"]) == 0
    assert "6 control, 6 patient" in capsys.readouterr().out
    mask = results / "desc-motifs_mask.nii.gz"
    maps = [
        np.log1p(apply_mask(next(results.glob(f"sub-{i:02d}/func/*_stat-degree_statmap.nii.gz")), mask))
        for i in range(1, N_PEOPLE + 1)
    ]
    expected = ttest_ind(np.array(maps)[::2], np.array(maps)[1::2]).statistic
    found = apply_mask(results / "group" / "stat-degreet_statmap.nii.gz", mask, dtype=np.float64)
    # images are written in single precision; where nobody differs from anybody, t is 0
    np.testing.assert_allclose(found, np.nan_to_num(expected), rtol=1e-4, atol=1e-5)
    q = nib.load(results / "group" / "stat-degreeq_statmap.nii.gz").get_fdata()
    inside = np.zeros(q.shape, dtype=bool)
    inside[1:4, 1:4, 1:3] = True
    inside &= np.asarray(nib.load(mask).dataobj) > 0
    assert (q[inside] < 0.05).all()
    scores = pd.read_csv(results / "group" / "scores.tsv", sep="\t").set_index(["map", "score", "metric"])
    assert scores.loc[("degree", "model", "auc"), "value"] > 0.8
    assert scores.loc[("degree", "model", "auc"), "pvalue"] == 0.05
    assert {"majority", "site", "phenotype", "motion"} <= set(scores.index.get_level_values("score"))


def test_one_bad_run_stops_no_other(study, tmp_path, capsys):
    broken = tmp_path / "broken"
    for number in (1, 2, 3):
        write_person(broken, number)
    next(broken.glob("sub-02/func/*_desc-confounds_timeseries.tsv")).unlink()
    run = next(broken.glob("sub-03/func/*_desc-preproc_bold.nii.gz"))
    run.write_bytes(run.read_bytes()[:5000])
    assert main(["bids", str(broken), str(tmp_path / "out"), "participant", *OPTIONS]) == 0
    quality = pd.read_csv(tmp_path / "out" / "quality.tsv", sep="\t")
    assert quality["status"].tolist() == ["included", "failed", "failed"]
    assert "no table of confounds" in quality["reason"][1]
    assert "1 included, 0 excluded, 2 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("group", "--group-column", "groups"), "did you mean 'group'"),
        (("group", "--group-column", "age"), "must have two values"),
        (("participant", "--participant-label", "99"), "participant must be one of"),
    ],
)
def test_wrong_use(study, results, capsys, options, words):
    level, *more = options
    assert main(["bids", str(study), str(results), level, *OPTIONS, *more]) == 2
    assert words in capsys.readouterr().err
