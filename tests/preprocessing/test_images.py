"""Images: ranges, grey conversion, files, quantisation, spectra and the Laplacian pyramid."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from neurosci.preprocessing import _pyramid, images

TAPS = np.sqrt(2) / 16 * np.array([1, 4, 6, 4, 1])


def halve(field, axis):
    """One step of the pyramid by convolution: scipy's "mirror" repeats no edge."""
    return np.take(
        ndimage.correlate1d(field, TAPS, axis, mode="mirror"), np.arange(0, field.shape[axis], 2), axis
    )


def double(field, axis, size):
    shape = list(field.shape)
    shape[axis] = size
    spread = np.zeros(shape)
    place = [slice(None)] * field.ndim
    place[axis] = slice(0, None, 2)
    spread[tuple(place)] = field
    return ndimage.correlate1d(spread, TAPS, axis, mode="mirror")


def levels_by_convolution(field, n_levels):
    """Laplacian levels, each reconstructed alone, without any matrix."""
    gaussian = [field]
    for _ in range(n_levels - 1):
        gaussian.append(halve(halve(gaussian[-1], 0), 1))
    out = []
    for level, current in enumerate(gaussian):
        if level + 1 < n_levels:
            coarse = gaussian[level + 1]
            current = current - double(double(coarse, 0, current.shape[0]), 1, current.shape[1])
        for finer in gaussian[level - 1 :: -1] if level else ():
            current = double(double(current, 0, finer.shape[0]), 1, finer.shape[1])
        out.append(current)
    return np.stack(out)


SHAPES = [((224, 224), 7), ((225, 300), 7), ((64, 96), 7), ((33, 47), 6), ((17, 16), 5), ((5, 9), 2)]


@pytest.mark.parametrize(("shape", "n_levels"), SHAPES)
def test_levels_equal_convolution(shape, n_levels):
    field = np.random.default_rng(0).standard_normal(shape)
    levels = images.laplacian_levels(field, n_levels)
    # both sum some hundred terms of size 1 in another order
    np.testing.assert_allclose(levels, levels_by_convolution(field, n_levels), rtol=0, atol=1e-12)
    np.testing.assert_allclose(levels.sum(axis=0), field, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("shape", "n_levels"), SHAPES)
def test_compiled_levels_equal_the_matrices(shape, n_levels):
    from neurosci.critical_band._band_noise_draw import pyramid_levels

    field = np.random.default_rng(1).standard_normal(shape)
    compiled = np.concatenate([pyramid_levels(field[np.newaxis], n_levels, b) for b in range(n_levels)])
    np.testing.assert_allclose(compiled, images.laplacian_levels(field, n_levels), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "n_levels"), [((224, 224), 7), ((225, 300), 7), ((64, 96), 5), ((33, 47), 4)]
)
def test_levels_equal_pyrtools(shape, n_levels):
    pyrtools = pytest.importorskip(
        "pyrtools", reason="pyrtools is not installed: the levels are compared with convolution only"
    )
    field = np.random.default_rng(2).standard_normal(shape)
    pyramid = pyrtools.pyramids.LaplacianPyramid(field, height=n_levels)
    theirs = np.stack([pyramid.recon_pyr(levels=b) for b in range(n_levels)])
    np.testing.assert_allclose(images.laplacian_levels(field, n_levels), theirs, rtol=0, atol=1e-12)


def test_cholesky_factor_is_banded_and_exact():
    for size in (224, 225, 47):
        for level in range(1, 5):
            diagonals = _pyramid.banded_cholesky(size, 5, level)
            factor = sum(np.diag(row[m:], -m) for m, row in enumerate(diagonals))
            down = _pyramid.side_operators(size, 5).down[level]
            np.testing.assert_allclose(factor @ factor.T, down @ down.T, rtol=0, atol=1e-13)
            assert len(diagonals) <= 5


def test_cumulants_of_the_finest_level_equal_those_of_its_quadratic_form():
    height, width, n_levels = 8, 11, 3
    low = [_pyramid.side_operators(side, n_levels).low_pass[1] for side in (height, width)]
    operator = np.eye(height * width) - np.kron(*low)
    eigenvalues = np.linalg.eigvalsh(operator.T @ operator)
    # cumulants of a sum of weighted chi-square variables of one degree of freedom
    expected = [eigenvalues.sum(), 2 * (eigenvalues**2).sum(), 8 * (eigenvalues**3).sum()]
    np.testing.assert_allclose(_pyramid.finest_cumulants(height, width, n_levels), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.array([[0, 255]], np.uint8), [[0, 1]]),
        (np.array([[0, 255]], ">i4"), [[0, 1]]),
        (np.array([[False, True]]), [[0, 1]]),
        (np.array([[0, 0.5]], np.float16), [[0, 0.5]]),
        ([[0.25, 1.0]], [[0.25, 1]]),
    ],
)
def test_unit_range(given, expected):
    out = images.to_unit_range(given)
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([[0.0, 200.0]], ValueError, r"0\.\.1, got 0\.\.200 in shape \(1, 2\) \(divide by 255"),
        ([[-0.1, 0.5]], ValueError, r"got -0\.1\.\.0\.5"),
        ([[0, 256]], ValueError, r"whole numbers in 0\.\.255, got 0\.\.256"),
        ([[np.nan, 0.5]], ValueError, "1 pixels that are NaN"),
        ([[1j]], TypeError, "dtype complex128"),
        ([["a"]], TypeError, "dtype"),
        (np.zeros((0, 3)), ValueError, r"empty, got shape \(0, 3\)"),
    ],
)
def test_unit_range_refuses(given, error, words):
    with pytest.raises(error, match=f"^to_unit_range: images must .*{words}"):
        images.to_unit_range(given)


def test_grey_conversion():
    colour = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), np.uint8)
    grey = images.to_grey(colour)
    assert grey.shape == (2, 5, 7)
    by_pillow = np.asarray(Image.fromarray(colour[0]).convert("L"))
    # Pillow rounds the same weights to whole numbers
    assert np.abs(grey[0] * 255 - by_pillow).max() <= 0.51
    opaque = np.concatenate([colour, np.full((2, 5, 7, 1), 255, np.uint8)], axis=-1)
    np.testing.assert_array_equal(images.to_grey(opaque), grey)
    np.testing.assert_array_equal(images.to_grey(colour[..., :1]), colour[..., 0] / 255)


def test_grey_conversion_refuses():
    with pytest.raises(ValueError, match=r"1, 3 or 4 channels, got \(5, 7\)"):
        images.to_grey(np.zeros((5, 7)))
    with pytest.raises(ValueError, match="opaque"):
        images.to_grey(np.zeros((5, 7, 4)))


def test_check_grey_names_the_image():
    with pytest.raises(ValueError, match=r"here: cat must be grey.*\(5, 7, 3\) \(convert it with .*to_grey"):
        images.check_grey(np.zeros((5, 7, 3)), where="here", name="cat")
    with pytest.raises(ValueError, match=r"got \(7,\) \(give one plane"):
        images.check_grey(np.zeros(7))


def test_quantize():
    values = np.random.default_rng(0).random((2, 9, 12))
    levels = images.quantize(values, "uint8")
    assert levels.dtype == np.float32
    np.testing.assert_allclose(levels * 255, np.floor(values * 255 + 0.5), atol=1e-4)
    np.testing.assert_array_equal(images.quantize(values, None), values.astype(np.float32))


def test_jpeg_is_that_of_three_equal_channels():
    x, y = np.meshgrid(np.linspace(0, 1, 37), np.linspace(0, 1, 50))
    plane = 0.5 + 0.3 * np.sin(20 * x * y) + 0.1 * np.random.default_rng(0).random(x.shape)
    stacked = np.repeat((plane * 255 + 0.5).astype(np.uint8)[..., np.newaxis], 3, axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(stacked).save(buffer, "JPEG", quality=75)
    expected = np.asarray(Image.open(buffer).convert("L"))
    np.testing.assert_array_equal(np.rint(images.quantize(plane, "jpeg75") * 255), expected)


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (np.full((3, 3), 1.5), "uint8", r"in 0\.\.1, got 1\.5\.\.1\.5"),
        (np.full((3, 3), np.nan), "uint8", "in 0..1"),
        (np.zeros((3, 3), int), "uint8", "dtype int64"),
        (np.zeros(3), "uint8", r"got \(3,\)"),
        (np.zeros((3, 3)), "jpeg", "did you mean 'jpeg75'"),
    ],
)
def test_quantize_refuses(given, kind, words):
    with pytest.raises(ValueError, match=f"^quantize: .*{words}"):
        images.quantize(given, kind)


def test_radial_spectrum_of_gratings():
    rows, columns = np.mgrid[:48, :64]
    # 6 and 8 cycles along the sides of 48 and 64 pixels: 6 cycles per shorter side each
    field = 0.25 + 0.3 * np.cos(2 * np.pi * 6 * rows / 48) + 0.1 * np.sin(2 * np.pi * 8 * columns / 64)
    frequency, power = images.radial_spectrum(field, [0, 0.5, 5, 7, 30])
    np.testing.assert_allclose(power, [0.25**2, 0, 0.3**2 / 2 + 0.1**2 / 2, 0], atol=1e-15)
    assert frequency[0] == 0
    assert 5 < frequency[2] < 7


def test_radial_spectrum_adds_up_to_the_mean_square():
    fields = np.random.default_rng(0).standard_normal((2, 3, 21, 30))
    _, power = images.radial_spectrum(fields, np.arange(0, 20))
    assert power.shape == (2, 3, 19)
    np.testing.assert_allclose(power.sum(axis=-1), (fields**2).mean(axis=(-2, -1)), rtol=1e-12)


@pytest.mark.parametrize(
    ("fields", "edges", "words"),
    [
        (np.zeros(4), [0, 1], r"images must have shape .*got \(4,\)"),
        (np.zeros((4, 4)), [1, 1], "edges must be at least two ascending"),
        (np.zeros((4, 4)), [1], "edges must be at least two ascending"),
        (np.full((4, 4), np.inf), [0, 1], "images must be finite"),
    ],
)
def test_radial_spectrum_refuses(fields, edges, words):
    with pytest.raises(ValueError, match=f"^radial_spectrum: {words}"):
        images.radial_spectrum(fields, edges)


@pytest.mark.parametrize(("shape", "n_levels"), [((16, 40), 6), ((16, 40), 1), ((0, 0), 2)])
def test_levels_refuse_small_fields(shape, n_levels):
    with pytest.raises(ValueError, match=r"^laplacian_levels: n_levels must be in 2 \.\."):
        images.laplacian_levels(np.zeros(shape), n_levels)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("cat/one.png", "cat/two.png", "dog/three.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (60, 90, 3), np.uint8)).save(path)
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


def test_folder_of_images(folder):
    found = images.ImageFolder(folder, size=(20, 30))
    assert list(found) == ["cat/one.png", "cat/two.png", "dog/three.png"]
    assert found.categories == {"cat/one.png": "cat", "cat/two.png": "cat", "dog/three.png": "dog"}
    assert found["cat/one.png"].shape == (20, 30)
    assert found["cat/one.png"].dtype == np.uint8
    whole = images.read_grey(folder / "cat" / "one.png")
    np.testing.assert_array_equal(whole, np.asarray(Image.open(folder / "cat" / "one.png").convert("L")))


def test_folder_refuses(folder, tmp_path):
    with pytest.raises(NotADirectoryError, match="ImageFolder"):
        images.ImageFolder(folder / "notes.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="got none in"):
        images.ImageFolder(tmp_path / "empty")


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_damaged_file_is_named(tmp_path, content):
    from neurosci._core.result import DataFormatError

    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(DataFormatError, match=r"read_grey: bad\.png cannot be used"):
        images.read_grey(tmp_path / "bad.png")


def test_cut_file_is_named(folder):
    from neurosci._core.result import DataFormatError

    path = folder / "cat" / "one.png"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataFormatError, match=r"one\.png cannot be used"):
        images.read_grey(path)
