"""From a BIDS tree to a store. The tree is constructed: small images of noise, no recordings."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.maskers import NiftiLabelsMasker

from neurosci import cli
from neurosci.fc_ssl import TimeSeriesStore
from neurosci.fc_ssl import _lab as lab
from neurosci.preprocessing import _bids as bids

SHAPE, N_TIMES, N_REGIONS = (8, 8, 6), 60, 6
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
MOTION = list(bids.MOTION)


def atlas_voxels():
    labels = np.zeros(SHAPE, dtype=np.int16)
    labels[1:7, 1:7, 1:5] = 1 + np.arange(6)[:, np.newaxis, np.newaxis]
    return labels


def write_run(
    folder, subject, seed, *, t_r=2.0, task="rest", space="MNI152NLin2009cAsym", zero=(), move=0.05
):
    rng = np.random.default_rng(seed)
    labels = atlas_voxels()
    motion = rng.normal(scale=move, size=(N_TIMES, 6)) * [1, 1, 1, 0.001, 0.001, 0.001]
    region = rng.standard_normal((N_TIMES, N_REGIONS + 1))
    voxels = 1000 + 10 * region[:, labels].transpose(1, 2, 3, 0) + rng.standard_normal((*SHAPE, N_TIMES))
    voxels += 40 * motion[:, 0]
    for label in zero:
        voxels[labels == label] = 0.0
    image = nib.Nifti1Image(voxels.astype(np.float32), AFFINE)
    image.header.set_zooms((3.0, 3.0, 3.0, t_r))
    image.header.set_xyzt_units("mm", "sec")
    func = folder / f"sub-{subject}" / "func"
    func.mkdir(parents=True, exist_ok=True)
    start = func / f"sub-{subject}_task-{task}"
    nib.save(image, f"{start}_space-{space}_desc-preproc_bold.nii.gz")
    table = pd.DataFrame(motion, columns=MOTION)
    for name in MOTION:
        table[f"{name}_derivative1"] = table[name].diff()
        table[f"{name}_power2"] = table[name] ** 2
        table[f"{name}_derivative1_power2"] = table[name].diff() ** 2
    table["white_matter"], table["csf"] = rng.standard_normal((2, N_TIMES))
    table["cosine00"] = np.cos(np.pi * (np.arange(N_TIMES) + 0.5) / N_TIMES)
    table.to_csv(f"{start}_desc-confounds_timeseries.tsv", sep="\t", index=False, na_rep="n/a")
    return image, table


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("bids")
    folder = root / "derivatives" / "fmriprep-24.1"
    atlas = root / "atlas.nii.gz"
    nib.save(nib.Nifti1Image(atlas_voxels(), AFFINE), atlas)
    pd.DataFrame({"index": range(1, 7), "name": [f"Area {k}" for k in "ABCDEF"]}).to_csv(
        root / "labels.tsv", sep="\t", index=False
    )
    pd.DataFrame(
        {
            "participant_id": ["sub-01", "sub-02", "sub-03", "sub-04"],
            "site": ["X", "X", "Y", "Y"],
            "age": [20, 31, 9, 44],
        }
    ).to_csv(root / "participants.tsv", sep="\t", index=False)
    first = write_run(folder, "01", 1)
    write_run(folder, "02", 2, zero=(3,), t_r=1.5)  # one region of six without signal
    write_run(folder, "03", 3, zero=(1, 2), move=0.05)  # two of six: more than a fifth
    write_run(folder, "04", 4)
    broken = next((folder / "sub-04" / "func").glob("*bold.nii.gz"))
    broken.write_bytes(broken.read_bytes()[:3000])
    return root, atlas, first


def run(tree, output, *more):
    root, atlas, _ = tree
    what = ["participant", "--analysis", "fc_ssl", "--atlas", str(atlas)]
    return cli.main(["bids", str(root), str(output), *what, "--labels", str(root / "labels.tsv"), *more])


@pytest.fixture(scope="module")
def done(tree, tmp_path_factory):
    output = tmp_path_factory.mktemp("out") / "regions"
    assert run(tree, output) == cli.DONE
    return output


def test_one_bad_run_does_not_stop_the_rest(done):
    quality = pd.read_csv(done / lab.QUALITY, sep="\t", keep_default_na=False, dtype={"participant_id": str})
    assert dict(zip(quality["participant_id"], quality["status"], strict=True)) == {
        "01": "included", "02": "included", "03": "excluded", "04": "failed",
    }  # fmt: skip
    reasons = quality.set_index("participant_id")["reason"]
    assert reasons["03"] == "2 of 6 regions are constant"
    assert "sub-04_task-rest" in reasons["04"] and "DataFormatError" in reasons["04"]
    assert quality.set_index("participant_id").loc["02", "constant_regions"] == "Area C"


def test_quality_is_what_was_put_in(done, tree):
    quality = pd.read_csv(done / lab.QUALITY, sep="\t", dtype={"participant_id": str}).set_index(
        "participant_id"
    )
    table = tree[2][1]
    steps = table[MOTION].diff().abs()
    fd = (steps[MOTION[:3]].sum(axis=1) + 50 * steps[MOTION[3:]].sum(axis=1)).fillna(0.0)
    assert quality.loc["01", "mean_fd"] == pytest.approx(fd.mean(), rel=1e-6)
    assert quality.loc["01", "percent_fd"] == pytest.approx(100 * (fd > 0.2).mean())
    assert quality.loc["01", ["n_times", "t_r", "duration"]].tolist() == [60, 2.0, 120.0]
    assert quality.loc["02", "t_r"] == 1.5
    assert quality.loc["01", "coverage_min"] == 1.0
    assert quality.loc["02", "coverage_mean"] == pytest.approx(5 / 6)
    assert quality.loc["01", "n_confounds"] == 24 + 2 + 1


def test_series_are_those_of_nilearn(done, tree):
    store = TimeSeriesStore.open(done / lab.STORE, verify=True)
    image, table = tree[2]
    chosen = [c for c in table if c != "framewise_displacement"]
    masker = NiftiLabelsMasker(
        nib.Nifti1Image(atlas_voxels(), AFFINE),
        standardize="zscore_sample",
        detrend=True,
        verbose=0,
        keep_masked_labels=False,
    )
    expected = masker.fit_transform(image, confounds=table[chosen].fillna(0.0).to_numpy())
    # half precision rounds numbers of a few units by less than 2**-9
    scale = np.sqrt(60 / 59)  # standard deviations over n_times, not n_times - 1
    np.testing.assert_allclose(store[0], expected * scale, atol=2**-9)
    assert store.regions == [f"Area {k}" for k in "ABCDEF"]
    assert store.index["site"].tolist() == ["X", "X"]
    assert store.t_r.tolist() == [2.0, 1.5]
    assert store.participants["age"].astype(int).tolist() == [20, 31]
    assert store.kind == "real" and not store[1][:, 2].any()


def test_the_folder_is_a_derivative(done):
    about = json.loads((done / "dataset_description.json").read_text())
    assert about["DatasetType"] == "derivative" and about["GeneratedBy"][0]["Name"] == "neurosci"
    described = json.loads((done / lab.QUALITY.replace(".tsv", ".json")).read_text())
    assert set(described) == set(pd.read_csv(done / lab.QUALITY, sep="\t"))


def test_a_second_call_does_only_what_is_left(tree, done, monkeypatch, capsys):
    looked_at = []
    extract = lab._extract
    monkeypatch.setattr(lab, "_extract", lambda run, *a: looked_at.append(run.subject) or extract(run, *a))
    before = TimeSeriesStore.open(done / lab.STORE)[0]
    assert run(tree, done) == cli.DONE
    assert looked_at == ["04"]
    np.testing.assert_array_equal(TimeSeriesStore.open(done / lab.STORE)[0], before)
    looked_at.clear()
    assert run(tree, done, "--participant-label", "01", "--low-pass", "0.1") == cli.DONE
    assert looked_at == ["01"]
    assert "1 included, 0 excluded, 0 failed" in capsys.readouterr().out
    assert run(tree, done) == cli.DONE  # back, for the other tests


def test_limits_leave_runs_out(tree, tmp_path, capsys):
    assert run(tree, tmp_path / "o", "--max-mean-fd", "0.0001") == cli.FAILED
    text = (tmp_path / "o" / lab.QUALITY).read_text()
    assert text.count("excluded") == 3 and "mean displacement of" in text
    assert not (tmp_path / "o" / lab.STORE).exists()
    assert "0 included, 3 excluded, 1 failed" in capsys.readouterr().out


def test_an_atlas_of_another_grid_is_brought_to_the_run(tree, tmp_path):
    root = tree[0]
    fine = np.kron(atlas_voxels(), np.ones((2, 2, 2), dtype=np.int16))
    affine = np.diag([1.5, 1.5, 1.5, 1.0])
    affine[:3, 3] = -0.75  # corners of both grids at the same place
    nib.save(nib.Nifti1Image(fine, affine), tmp_path / "fine.nii.gz")
    settings = lab.LabSettings(atlas=str(tmp_path / "fine.nii.gz"), confounds=())
    outcome = lab.process(root, tmp_path / "o", settings, participants=["01"])
    assert outcome.quality["atlas_resampled"].tolist() == [True]
    same = lab.process(
        root, tmp_path / "p", lab.LabSettings(atlas=str(tree[1]), confounds=()), participants=["01"]
    )
    np.testing.assert_array_equal(outcome.store[0], same.store[0])


def test_what_is_asked_for_must_be_there(tree, tmp_path, capsys):
    assert run(tree, tmp_path / "o", "--task", "restt") == cli.USAGE
    assert "did you mean 'rest'" in capsys.readouterr().err
    assert run(tree, tmp_path / "o", "--participant-label", "09") == cli.USAGE
    what = ["participant", "--analysis", "fc_ssl", "--atlas", str(tree[1])]
    assert cli.main(["bids", str(tmp_path), str(tmp_path / "o"), *what]) == cli.USAGE
    assert not (tmp_path / "o").exists()


def test_an_atlas_must_be_given(tree, tmp_path, capsys):
    what = ["participant", "--analysis", "fc_ssl"]
    assert cli.main(["bids", str(tree[0]), str(tmp_path / "o"), *what]) == cli.USAGE
    assert "fc_ssl needs a parcellation" in capsys.readouterr().err


def test_confounds_can_be_chosen_or_left_out(tree, tmp_path):
    assert run(tree, tmp_path / "o", "--participant-label", "01", "--confounds", "motion6", "csf") == cli.DONE
    assert pd.read_csv(tmp_path / "o" / lab.QUALITY, sep="\t")["n_confounds"].tolist() == [7]
    assert run(tree, tmp_path / "o", "--participant-label", "sub-01", "--confounds", "none") == cli.DONE
    assert pd.read_csv(tmp_path / "o" / lab.QUALITY, sep="\t")["n_confounds"].tolist() == [0]
    assert run(tree, tmp_path / "o", "--participant-label", "01", "--confounds", "csff") == cli.FAILED
    assert "did you mean 'csf'" in (tmp_path / "o" / lab.QUALITY).read_text()


def test_two_processes_do_the_same(tree, done, tmp_path):
    root, atlas, _ = tree
    settings = lab.LabSettings(atlas=str(atlas), labels=str(root / "labels.tsv"))
    outcome = lab.process(root, tmp_path / "o", settings, n_jobs=2)
    assert outcome.quality["status"].tolist() == ["included", "included", "excluded", "failed"]
    np.testing.assert_array_equal(outcome.store[1], TimeSeriesStore.open(done / lab.STORE)[1])


def test_names_of_fmriprep_are_understood(tmp_path):
    for name in (
        "sub-A1_ses-2_task-rest_acq-hi_run-03_space-MNI152NLin2009cAsym_res-2_desc-preproc_bold.nii.gz",
        "sub-A1_ses-2_task-rest_acq-hi_run-03_space-T1w_desc-preproc_bold.nii.gz",
        "sub-A1_ses-2_task-rest_acq-hi_run-03_desc-preproc_bold.nii.gz",
    ):
        path = tmp_path / "sub-A1" / "ses-2" / "func" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (found,) = bids.find_runs("test", tmp_path)
    assert (found.subject, found.session, found.task, found.run) == ("A1", "2", "rest", "03")
    assert found.space == "MNI152NLin2009cAsym" and found.confounds is None
    (path.parent / f"{found.name}_desc-confounds_regressors.tsv").touch()
    assert found.confounds is not None
    (native,) = bids.find_runs("test", tmp_path, space="")
    assert native.bold.name.endswith("run-03_desc-preproc_bold.nii.gz")
