"""``neurosci bids``, fc_ssl and graph_motif: from a BIDS folder to the report about all people, in one "
"command."""

from __future__ import annotations

import json
import re
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.maskers import NiftiLabelsMasker

from neurosci import cli
from neurosci.fc_ssl import TimeSeriesStore
from neurosci.reporting._report import PAGE_LIMIT
from tests.bids import constructed
from tests.bids.conftest import ABSENT, BROKEN, MOVED

GROUP = ("group", "--analysis", "fc_ssl", "--max-mean-fd", "0.5", "--phenotype", "group")


@pytest.fixture(scope="module")
def cut(study):
    """The image that is cut in two, and what it was."""
    (path,) = study.glob(f"derivatives/fmriprep/sub-{BROKEN}/func/*_bold.nii.gz")
    whole = path.read_bytes()
    path.unlink()  # the raw image is the same file, and stays whole
    path.write_bytes(whole[: len(whole) // 2])
    return path, whole


@pytest.fixture(scope="module")
def done(study, cut, atlas, tmp_path_factory):
    """The output of the one command."""
    output = tmp_path_factory.mktemp("output") / "regions"
    assert cli.main(["bids", str(study), str(output), *GROUP, *atlas]) == cli.DONE
    return output


def quality_of(output):
    table = pd.read_csv(output / "quality.tsv", sep="\t", dtype=str, keep_default_na=False)
    return table.set_index("participant_id")


def check_page(path):
    """A page is one file within its limit, runs nothing, and asks the network for nothing."""
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) <= PAGE_LIMIT
    assert "Content-Security-Policy" in text and "<script" not in text
    assert not re.search(r'(?:src|href)="(?!data:|#|[\w-]+\.html")', text)
    assert path.parent.as_posix() not in text, "no page names a folder of the machine"
    return text


def test_the_data_set_is_bids(study, errors_of):
    # before the image is cut, or after: its name and the header in its first half are as they were
    assert errors_of(study) == []
    assert errors_of(study / "derivatives" / "fmriprep") == []


def test_one_command_makes_pages_of_all_and_tells_what_failed(done):
    quality = quality_of(done)
    assert quality["status"].value_counts().to_dict() == {"included": 10, "excluded": 1, "failed": 1}
    assert quality.loc[MOVED, "reason"].startswith("mean displacement of")
    assert f"sub-{BROKEN}_task-rest" in quality.loc[BROKEN, "reason"]
    assert "/" not in quality.loc[BROKEN, "reason"]
    page = check_page(done / "index.html")
    for words in (
        "Constructed data",
        "mean displacement of",
        f"sub-{BROKEN}_task-rest",
        f"sub-{ABSENT}",
        "1 failed",
    ):
        assert words in page
    for person in quality.index:
        assert f'href="sub-{person}.html"' in page
        assert "Constructed data" in check_page(done / f"sub-{person}.html")


def test_the_output_is_a_bids_derivative(done, errors_of):
    about = json.loads((done / "dataset_description.json").read_text(encoding="utf-8"))
    assert about["DatasetType"] == "derivative" and about["GeneratedBy"][0]["Name"] == "neurosci"
    assert constructed.NAME in about["GeneratedBy"][0]["Description"]
    assert errors_of(done) == []


def test_connectivity_is_that_of_nilearn(study, done, atlas, scans):
    """Oracle: nilearn's masker and NumPy's correlation; and what was painted comes back."""
    folder = study / "derivatives" / "fmriprep" / "sub-01" / "func"
    (image,) = folder.glob("*_bold.nii.gz")
    confounds = pd.read_csv(next(folder.glob("*_timeseries.tsv")), sep="\t", na_values="n/a")
    taken = confounds.drop(columns="framewise_displacement").fillna(0.0).to_numpy()
    masker = NiftiLabelsMasker(atlas[1], standardize="zscore_sample", detrend=True, verbose=0)
    r = np.corrcoef(masker.fit_transform(image, confounds=taken).T)
    pairs = np.triu_indices(constructed.N_REGIONS, 1)
    row = pd.read_csv(done / "group" / "connectivity.tsv", sep="\t", dtype={"participant_id": str}).iloc[0]
    # series are kept in single precision
    assert row["fc_mean"] == pytest.approx(r[pairs].mean(), abs=1e-5)
    assert row["fc_sd"] == pytest.approx(r[pairs].std(), abs=1e-5)
    assert row["n_windows"] == (constructed.N_TIMES - 83) // 21 + 1  # 60 s and 15 s in volumes of 0.72 s
    painted = np.corrcoef(scans[0][: constructed.N_TIMES, : constructed.N_REGIONS].T)
    # 27 regressors and noise of a tenth of the signal hide little of it
    assert np.corrcoef(painted[pairs], r[pairs])[0, 1] > 0.95
    store = TimeSeriesStore.open(done / "timeseries_store")
    z = np.arctanh([np.corrcoef(np.asarray(scan, dtype=float).T)[pairs] for scan in store])
    mean = pd.read_csv(done / "group" / "mean_connectivity.tsv", sep="\t").to_numpy()
    # the store holds half precision, which moves a correlation by less than 1e-3
    np.testing.assert_allclose(mean[pairs], np.tanh(z.mean(axis=0)), atol=1e-3)


def test_a_phenotype_is_scored_beside_what_needs_no_image(done):
    scores = pd.read_csv(done / "group" / "scores.tsv", sep="\t")
    assert set(scores["model"]) == {
        "ridge on static connectivity", "ridge on static connectivity, labels permuted", "motion alone",
        "age, sex alone",
    }  # fmt: skip
    assert set(scores["n"]) == {10} and scores["value"].between(0, 1).all()
    assert "Prediction of group" in (done / "index.html").read_text(encoding="utf-8")


def test_a_rerun_does_only_what_is_left(study, done, cut, atlas, tmp_path, capsys):
    output = tmp_path / "copy"
    shutil.copytree(done, output)  # with the times of the files

    def written():
        kept = [*output.glob("sub-*/func/*.npy"), *output.glob("sub-*.html")]
        return {path.relative_to(output).as_posix(): path.stat().st_mtime_ns for path in kept}

    before = written()
    path, whole = cut
    path.write_bytes(whole)  # the image is mended
    try:
        assert cli.main(["bids", str(study), str(output), *GROUP, *atlas]) == cli.DONE
    finally:
        path.write_bytes(whole[: len(whole) // 2])
    assert "11 included, 1 excluded, 0 failed" in capsys.readouterr().out
    after = written()
    changed = {name for name, when in after.items() if before.get(name) != when}
    assert changed == {
        f"sub-{BROKEN}.html",
        f"sub-{BROKEN}/func/sub-{BROKEN}_task-rest_desc-regions_timeseries.npy",
    }


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--phenotype", "grup"], "did you mean 'group'"),
        (["--task", "rset"], "did you mean 'rest'"),
        (["--phenotype", "participant_id"], "must be a column of participants.tsv"),
        (["--participant-label", "77"], "participant must be one of"),
    ],
)
def test_wrong_use_is_told_before_any_work(study, atlas, tmp_path, capsys, more, words):
    command = ["bids", str(study), str(tmp_path / "o"), "group", "--analysis", "fc_ssl", *atlas, *more]
    assert cli.main(command) == cli.USAGE
    assert words in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_people_one_at_a_time_then_the_group(study, cut, tmp_path, errors_of, capsys):
    """As the tasks of a job array do it: the group comes to the same as one command would."""
    output = tmp_path / "motifs"
    options = ["--analysis", "graph_motif", "--threshold", "0.3", "--confounds", "motion6"]
    people = ["01", "02", BROKEN]
    for person in people[:2]:
        command = ["bids", str(study), str(output), "participant", *options, "--participant-label", person]
        assert cli.main(command) == cli.DONE
    made = {path: path.stat().st_mtime_ns for path in output.rglob("*statmap.nii.gz")}
    assert len(made) == 4
    command = ["bids", str(study), str(output), "group", *options, "--participant-label", *people]
    assert cli.main(command) == cli.DONE
    assert "2 included, 0 excluded, 1 failed" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in made} == made
    page = check_page(output / "index.html")
    assert f"sub-{BROKEN}_task-rest" in page and "Constructed data" in page
    assert errors_of(output) == []
    # Oracle: the mean of log(1 + count) over people
    mean = nib.load(output / "group" / "stat-degreemean_statmap.nii.gz").get_fdata()
    maps = [nib.load(path).get_fdata() for path in made if "degree" in path.name]
    np.testing.assert_allclose(mean, np.log1p(maps).mean(axis=0), rtol=1e-6, atol=1e-6)


def test_a_group_that_is_too_small_has_a_page_all_the_same(study, tmp_path, capsys):
    options = ["--analysis", "graph_motif", "--threshold", "0.3", "--group-column", "group"]
    command = ["bids", str(study), str(tmp_path), "group", *options, "--participant-label", "01"]
    assert cli.main(command) == cli.FAILED
    assert "column 'group' must have two values, got a" in capsys.readouterr().err
    assert "There is no comparison of groups" in (tmp_path / "index.html").read_text(encoding="utf-8")
