"""A folder as fMRIPrep writes it, taken from files to maps by the way that the user guide describes."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from nilearn.interfaces.fmriprep import load_confounds
from nilearn.masking import intersect_masks

from neurosci.graph_motif import NiftiMotifMasker, correlation_graph, motif_maps
from neurosci.preprocessing.fmri import read_confounds
from tests.graph_motif.fmriprep import AFFINE, N_TIMES, T_R, write_description, write_person


@pytest.fixture(scope="module")
def derivatives(tmp_path_factory):
    """The folder."""
    root = tmp_path_factory.mktemp("fmriprep")
    write_description(root)
    for number in (1, 2, 3):
        write_person(root, number)
    return root


def regressed(image, mask, confounds):
    """Series in the mask less what confounds and straight lines explain, by least squares."""
    data = np.asarray(image.dataobj, dtype=np.float64)[np.asarray(mask.dataobj) > 0].T
    line = np.linspace(-1, 1, N_TIMES)[:, np.newaxis]
    design = np.column_stack([np.ones(N_TIMES), line, confounds - confounds.mean(axis=0)])
    return data - design @ np.linalg.lstsq(design, data, rcond=None)[0]


def test_from_the_folder_to_maps(derivatives):
    """Oracle: least squares and a dense matrix of correlations. Where head motion is left, it makes edges."""
    runs = sorted(derivatives.glob("sub-*/func/*_desc-preproc_bold.nii.gz"))
    masks = sorted(derivatives.glob("sub-*/func/*_desc-brain_mask.nii.gz"))
    mask = intersect_masks(masks, threshold=1, connected=False)
    assert len(runs) == len(masks) == 3
    confounds, samples = load_confounds(
        [str(path) for path in runs], strategy=("motion", "wm_csf"), motion="derivatives"
    )
    assert all(sample is None or len(sample) == N_TIMES for sample in samples)
    masker = NiftiMotifMasker(mask, threshold=0.2, motifs=("degree", "triangles"), scale="count").fit()
    found = masker.transform(runs, confounds=[table.to_numpy() for table in confounds])
    assert found.shape == (3, 2 * 87)
    for row, path, table in zip(found, runs, confounds, strict=True):
        r = np.corrcoef(regressed(nib.load(path), mask, table.to_numpy()).T)
        adjacency = (r > 0.2) & ~np.eye(len(r), dtype=bool)
        # single precision decides only where a correlation is nearer to the threshold than this
        assert np.abs(r - 0.2).min() > 2e-6
        a = adjacency.astype(np.int64)
        np.testing.assert_array_equal(row.reshape(2, -1), [a.sum(axis=1), (a * (a @ a)).sum(axis=1) // 2])
    with pytest.warns(UserWarning, match="every pair of 87 nodes is an edge"):
        assert (masker.transform(runs[0])[0, :87] == 86).all()


def test_its_tables_are_read_here_too(derivatives):
    """The columns that nilearn chooses, read by our reader: the same values up to nilearn's centring."""
    run = sorted(derivatives.glob("sub-*/func/*_desc-preproc_bold.nii.gz"))[0]
    theirs, _ = load_confounds(str(run), strategy=("motion", "wm_csf"), motion="basic")
    path = next(derivatives.glob("sub-01/func/*_desc-confounds_timeseries.tsv"))
    ours = read_confounds(path, columns=list(theirs.columns))
    np.testing.assert_allclose(ours - ours.mean(), theirs - theirs.mean(), atol=1e-9)
    with pytest.warns(UserWarning, match="no value in the first row of 7 columns"):
        assert len(read_confounds(path)) == N_TIMES


def test_maps_go_back_onto_the_grid(derivatives):
    mask = sorted(derivatives.glob("sub-*/func/*_desc-brain_mask.nii.gz"))[0]
    run = sorted(derivatives.glob("sub-*/func/*_desc-preproc_bold.nii.gz"))[0]
    masker = NiftiMotifMasker(mask, t_r=T_R, low_pass=0.08, high_pass=0.009).fit()
    image = masker.inverse_transform(masker.transform(run)[0])
    assert image.shape == (7, 8, 5, 2)
    np.testing.assert_array_equal(image.affine, AFFINE)
    graph = correlation_graph(masker.signals_of(run).signals, 0.5)
    degree = motif_maps(graph, ("degree",))["degree"]
    np.testing.assert_allclose(np.expm1(image.get_fdata()[..., 0].max()), degree.max())
