"""The fMRI loaders return what the registered files and the releases hold."""

from __future__ import annotations

import os
from pathlib import Path

import nilearn.datasets
import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from neurosci import datasets
from neurosci.datasets import DataFormatError, DataNotFoundError

DATA = os.environ.get("NEUROSCI_DATA", "")


def needs(name):
    here = bool(DATA) and (Path(DATA) / "graph_motif" / name).is_file()
    return pytest.mark.skipif(not here, reason=f"{name} is not below NEUROSCI_DATA")


@needs("abide1_subjects.csv")
def test_abide_has_the_published_numbers_of_people():
    data = datasets.fetch_abide_cc200()
    assert data.subjects["diagnosis"].value_counts().to_dict() == {"control": 364, "autism": 341}
    assert data.subjects["site"].nunique() == 17
    assert [len(series) for series in data.data] == data.subjects["n_times"].tolist()
    assert data.subjects["mean_fd"].isna().sum() == 1


@needs("abide1_subjects.csv")
def test_series_of_abide_are_standardised():
    # Rounding to steps of 1/16 moves a mean by at most 1/32, and a root mean square too. Peaks beyond 127/16
    # were clipped, which lowers the variance without such a limit.
    for series in datasets.fetch_abide_cc200(sites=("OHSU", "NYU")).data:
        whole = series[:, np.abs(series).max(axis=0) < 127 / 16]
        assert whole.shape[1] > 150
        assert np.abs(whole.mean(axis=0)).max() < 1 / 32
        assert np.abs(np.sqrt((whole**2).mean(axis=0)) - 1).max() < 1 / 32


@needs("abide1_subjects.csv")
def test_sites_come_in_the_order_asked():
    data = datasets.fetch_abide_cc200(sites=("KKI", "OHSU"))
    assert data.subjects["site"].unique().tolist() == ["KKI", "OHSU"]
    alone = datasets.fetch_abide_cc200(sites=("OHSU",))
    np.testing.assert_array_equal(data.data[-1], alone.data[-1])
    half = data.select(data.subjects["site"] == "OHSU")
    assert half.subjects.equals(alone.subjects)
    assert all(np.array_equal(a, b) for a, b in zip(half.data, alone.data, strict=True))
    with pytest.raises(ValueError, match="did you mean 'NYU'"):
        datasets.fetch_abide_cc200(sites=("NYUU",))


@pytest.mark.parametrize(
    ("name", "n_graphs", "n_edges", "n_triangles"),
    [("KKI", 83, 4019, 2927), ("OHSU", 79, 15773, 19710), ("Peking_1", 85, 6575, 5689)],
)
@needs("tu_KKI.zip")
def test_brain_graphs_have_the_known_totals(name, n_graphs, n_edges, n_triangles):
    graphs = datasets.fetch_brain_graphs(name).data
    assert len(graphs) == n_graphs
    assert all(np.array_equal(a, a.T) and not a.diagonal().any() for a in graphs)
    assert sum(int(a.sum()) for a in graphs) == 2 * n_edges
    cubes = [np.trace(np.linalg.matrix_power(a.astype(np.int64), 3)) for a in graphs]
    assert sum(cubes) == 6 * n_triangles


@needs("adhd200_0010020_aal116.csv")
def test_adhd200_subject_is_band_passed():
    (series,) = datasets.fetch_adhd200_subject().data
    assert series.shape == (176, 116)
    # 5 to 95 % of the power of a filtered series lies in its band; white noise would spread to 0.25 Hz.
    power = np.abs(np.fft.rfft(series - series.mean(axis=0), axis=0)) ** 2
    frequency = np.fft.rfftfreq(176, 2.0)
    share = np.cumsum(power.sum(axis=1)) / power.sum()
    assert frequency[np.searchsorted(share, 0.95)] < 0.11


def test_hcp_scans_fit_together(monkeypatch, tmp_path):
    from scipy.io import savemat

    from neurosci.datasets import _fmri_fetch

    rng = np.random.default_rng(0)
    paths, expected = {}, []
    for subject in _fmri_fetch.HCP:
        expected.append(rng.standard_normal((4, 9)))
        for key, value in (("tc", expected[-1]), ("sc", np.eye(4)), ("len", 2 * np.eye(4))):
            paths[f"{subject}-{key}"] = tmp_path / f"{subject}-{key}.mat"
            savemat(paths[f"{subject}-{key}"], {key: value})
    monkeypatch.setattr(_fmri_fetch, "obtain", lambda *_, **__: paths)
    data = datasets.fetch_hcp_rest()
    assert data.n_scans == 7
    np.testing.assert_allclose(data.data[3], expected[3].T, rtol=1e-6)
    assert data.connectomes["length_mm"].shape == (7, 4, 4)
    assert data.regions["side"].tolist() == ["left", "right", "left", "right"]


PHENOTYPES = """ID,Site,Gender,Age,Handedness,DX,Secondary Dx ,ADHD Measure,ADHD Index,Inattentive,\
Hyper/Impulsive,Med Status,IQ Measure,Verbal IQ,Performance IQ,Full2 IQ,Full4 IQ,QC_Rest_1
1000804,5,0,7.29,-999,1,ODD,1,-999,12,8,2,1,109,103,-999,107,1
10020,5,1,8.5,L,0,,2,N/A,pending,-999,1,1,,100,N/A,99,1
2371032,4,1,10,1,3,,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999,-999
1023964,3,0,8.29,0.5,pending,,-999,50,,9,1,2,110,99,-999,105,0
"""


@pytest.mark.parametrize("separator", [",", "\t"])
def test_phenotypes_survive_every_code(tmp_path, separator):
    path = tmp_path / "phenotypes.csv"
    path.write_text(PHENOTYPES.replace(",", separator), encoding="utf-8")
    with pytest.warns(UserWarning, match="1 people of NeuroIMAGE .* requires permission"):
        people = datasets.read_adhd200_phenotypes(path)
    assert people["subject"].tolist() == ["1000804", "0010020", "2371032", "1023964"]
    assert people["site"].tolist() == ["NYU", "NYU", "NeuroIMAGE", "KKI"]
    assert people["diagnosis"].tolist()[:3] == ["ADHD", "control", "ADHD"]
    assert pd.isna(people["diagnosis"][3])
    assert people["subtype"].tolist()[:3] == ["combined", "control", "inattentive"]
    assert people["sex"].tolist() == ["female", "male", "male", "female"]
    np.testing.assert_array_equal(people["handedness"], [np.nan, 0, 1, 0.5])
    np.testing.assert_array_equal(people["inattentive"], [12, np.nan, np.nan, np.nan])
    assert people["needs_permission"].tolist() == [False, False, True, False]
    assert people["secondary_diagnosis"][0] == "ODD"


def test_phenotypes_name_each_person_once(tmp_path):
    path = tmp_path / "phenotypes.csv"
    path.write_text("ID,DX\n10020,0\n0010020,1\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match="each person once, got 0010020"):
        datasets.read_adhd200_phenotypes(path)
    path.write_text("subject,DX\n10020,0\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match="must have a column ID"):
        datasets.read_adhd200_phenotypes(path)


def write_series(folder, name, n_times, n_regions=3, value=None):
    rng = np.random.default_rng(n_times)
    series = (
        rng.standard_normal((n_times, n_regions)) if value is None else np.full((n_times, n_regions), value)
    )
    table = pd.DataFrame(series, columns=[f"Mean_{i}" for i in range(1, n_regions + 1)])
    table.insert(0, "Sub-brick", [f"{i}[?]" for i in range(n_times)])
    table.insert(0, "File", name)
    path = folder / f"{name}_cc200_TCs.1D"
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, sep="\t", index=False)
    return series


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "athena"
    series = [
        write_series(folder / "NYU" / "0010020", "sfnwmrda0010020_session_1_rest_1", 5),
        write_series(folder / "NYU" / "0010020", "sfnwmrda0010020_session_1_rest_2", 6),
        write_series(folder / "NYU" / "1000804", "sfnwmrda1000804_session_1_rest_1", 7),
    ]
    write_series(folder / "NYU" / "1000804", "snwmrda1000804_session_1_rest_1", 8)
    table = tmp_path / "phenotypes.csv"
    table.write_text("ID,Site,DX\n10020,5,0\n1000804,5,1\n", encoding="utf-8")
    return folder, table, series


def test_a_download_of_adhd200_is_read_scan_by_scan(release):
    folder, table, series = release
    data = datasets.load_adhd200(folder, table, t_r={"NYU": 2.0})
    assert data.subjects["subject"].tolist() == ["0010020", "0010020", "1000804"]
    assert data.subjects["diagnosis"].tolist() == ["control", "control", "ADHD"]
    assert data.subjects["run"].tolist() == [1, 2, 1]
    assert data.subjects["t_r"].tolist() == [2.0] * 3
    for ours, written in zip(data.data, series, strict=True):
        np.testing.assert_allclose(ours, written, rtol=1e-6)
    unfiltered = datasets.load_adhd200(folder, table, filtered=False)
    assert [len(block) for block in unfiltered.data] == [8]
    assert unfiltered.subjects["t_r"].isna().all()


def test_images_of_adhd200_are_found(tmp_path):
    (tmp_path / "sfnwmrda0010020_session_2_rest_3.nii.gz").touch()
    (tmp_path / "wssd0010020_session_1_anat.nii.gz").touch()
    found = datasets.find_adhd200_scans(tmp_path, atlas=None)
    assert found[["subject", "session", "run"]].values.tolist() == [["0010020", 2, 3]]
    with pytest.raises(DataNotFoundError, match="unfiltered images"):
        datasets.find_adhd200_scans(tmp_path, atlas=None, filtered=False)


def test_damaged_and_foreign_scans_are_named(release):
    folder, table, _ = release
    write_series(folder / "NYU" / "1000804", "sfnwmrda1000804_session_2_rest_1", 5, n_regions=4)
    with pytest.raises(DataFormatError, match=r"1000804_session_2.* must have the regions of the first"):
        datasets.load_adhd200(folder, table)
    write_series(folder / "NYU" / "1000804", "sfnwmrda1000804_session_2_rest_1", 5, value=np.nan)
    with pytest.raises(DataFormatError, match="must hold finite numbers"):
        datasets.load_adhd200(folder, table)
    table.write_text("ID,Site,DX\n10020,5,0\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match="got none for 1000804"):
        datasets.load_adhd200(folder, table)


@pytest.mark.parametrize("as_paths", [False, True])
def test_abide_comes_through_nilearn(monkeypatch, tmp_path, as_paths):
    rng = np.random.default_rng(1)
    series = [rng.standard_normal((6, 2)), rng.standard_normal((8, 2))]
    asked = {}

    def fetch(**settings):
        asked.update(settings)
        values = series
        if as_paths:
            values = [tmp_path / f"{i}.1D" for i in range(2)]
            for path, block in zip(values, series, strict=True):
                np.savetxt(path, block)
        table = pd.DataFrame(
            {"FILE_ID": ["A", "B"], "SITE_ID": ["NYU", "KKI"], "DX_GROUP": [1, 2], "AGE_AT_SCAN": [9.5, 12],
             "SEX": [1, 2], "func_mean_fd": [0.1, np.nan]}, index=[7, 9],
        )  # fmt: skip
        return Bunch(phenotypic=table, rois_ho=values)

    monkeypatch.setattr(nilearn.datasets, "fetch_abide_pcp", fetch)
    data = datasets.load_abide_pcp(atlas="ho", n_subjects=2, t_r={"NYU": 2.0})
    assert asked["derivatives"] == ["rois_ho"] and asked["pipeline"] == "cpac"
    assert not asked["band_pass_filtering"] and not asked["global_signal_regression"]
    assert data.subjects["diagnosis"].tolist() == ["autism", "control"]
    np.testing.assert_array_equal(data.subjects["t_r"], [2.0, np.nan])
    np.testing.assert_allclose(data.data[1], series[1], rtol=1e-6)


def needs_connectivity(name):
    here = bool(DATA) and (Path(DATA) / "fc_ssl" / name).is_file()
    return pytest.mark.skipif(not here, reason=f"{name} is not below NEUROSCI_DATA")


@needs_connectivity("abide1_cpac_nofilt_noglobal_ho110_int8.npz")
def test_abide_in_110_regions_has_the_published_numbers():
    data = datasets.fetch_abide_ho110()
    people = data.subjects
    assert data.n_scans == 1035 and len(data.regions) == 110
    assert people["diagnosis"].value_counts().to_dict() == {"control": 530, "autism": 505}
    assert people["sex"].value_counts().to_dict() == {"male": 878, "female": 157}
    assert people["site"].nunique() == 20 and people["mean_fd"].isna().sum() == 1
    assert people["quality_checked"].sum() == 873
    assert [len(series) for series in data.data] == people["n_times"].tolist()
    assert (people["n_times"].min(), people["n_times"].max(), people["n_times"].sum()) == (78, 316, 201_321)
    assert people.groupby("site")["t_r"].nunique().max() == 1 and people["t_r"].between(1.5, 3).all()
    constant = [int((series == 0).all(axis=0).sum()) for series in data.data]
    assert np.count_nonzero(constant) == 49 and max(constant) == 57
    # rounding to 1/127 of the largest value leaves a mean of less than half a step
    for series in data.data[::100]:
        largest = np.abs(series).max(axis=0)
        assert (np.abs(series.mean(axis=0)) <= largest / 127).all()


@needs_connectivity("abide1_cpac_nofilt_noglobal_ho110_int8.npz")
def test_sites_of_110_regions_come_in_the_order_asked():
    data = datasets.fetch_abide_ho110(sites=("OHSU", "CMU"))
    assert data.subjects["site"].unique().tolist() == ["OHSU", "CMU"]
    assert set(data.subjects.loc[data.subjects["site"] == "OHSU", "n_times"]) == {78}
    with pytest.raises(ValueError, match="did you mean 'NYU'"):
        datasets.fetch_abide_ho110(sites=("NYUU",))


@needs_connectivity("abide1_nyu_cpac_filt_global_cc200_int8.npz")
def test_nyu_in_200_regions_is_band_passed():
    data = datasets.fetch_abide_nyu_cc200()
    assert data.n_scans == 175 and set(data.subjects["n_times"]) == {176}
    assert {series.shape for series in data.data} == {(176, 200)}
    frequency = np.fft.rfftfreq(176, 2.0)
    for series in data.data[::40]:
        power = (np.abs(np.fft.rfft(series - series.mean(axis=0), axis=0)) ** 2).sum(axis=1)
        # the filter has slopes: white noise would have 36 % of its power in this band
        assert power[(frequency >= 0.008) & (frequency <= 0.102)].sum() / power.sum() > 0.95


def test_abide_of_connectivity_must_be_here(monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    for load in (datasets.fetch_abide_ho110, datasets.fetch_abide_nyu_cc200):
        with pytest.raises(DataNotFoundError, match="load_abide_pcp"):
            load(data_dir=tmp_path)
