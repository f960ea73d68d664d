"""Pictures that must not be passed on are in no page and no wheel: neither their bytes nor their pixels."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.contract.surface import ROOT

ARCHIVES = ("GraySplit.zip", "CBMSplit.zip", "cue_conflict_webp75.zip")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
CONTAINERS = (".zip", ".whl")
_INLINE = re.compile(rb"data:image/(?:png|jpeg|webp|svg\+xml);base64,([A-Za-z0-9+/=]{200,})")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pixels(content: bytes) -> str | None:
    """Hash of the grey values of a picture of the size of the shared ones."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.size != (224, 224):
                return None
            return digest(np.asarray(picture.convert("L")).tobytes())
    except (OSError, ValueError, SyntaxError):
        return None


def fingerprints(content: bytes, name: str) -> set[str]:
    """Hashes of a file, of what it holds, and of the pictures that it has inside."""
    found = {digest(content)}
    suffix = Path(name).suffix.lower()
    if suffix in PICTURES:
        found.add(pixels(content) or "")
    elif suffix in CONTAINERS:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                if not member.endswith("/"):
                    found |= fingerprints(archive.read(member), member)
    else:
        for inline in _INLINE.findall(content):
            inner = base64.b64decode(inline + b"=" * (-len(inline) % 4))
            found |= {digest(inner), pixels(inner) or ""}
            for deeper in _INLINE.findall(inner):
                picture = base64.b64decode(deeper + b"=" * (-len(deeper) % 4))
                found |= {digest(picture), pixels(picture) or ""}
    return found - {""}


@pytest.fixture(scope="module")
def shared(data_root):
    """Hashes of the archives, of their pictures, and of the grey values of these."""
    found: set[str] = set()
    for name in ARCHIVES:
        found |= fingerprints((data_root / "critical_band" / "stimuli" / name).read_bytes(), name)
    return found


def test_the_shared_pictures_are_known(shared, data_root):
    """Two pictures twice each, by bytes and by pixels, also when they are written anew as PNG."""
    with zipfile.ZipFile(data_root / "critical_band" / "stimuli" / "CBMSplit.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith(".JPEG"))
        content = archive.read(name)
    assert fingerprints(content, "a.jpeg") <= shared
    buffer = io.BytesIO()
    Image.open(io.BytesIO(content)).save(buffer, format="PNG")
    assert fingerprints(buffer.getvalue(), "a.png") & shared
    page = b'<img src="data:image/png;base64,' + base64.b64encode(buffer.getvalue()) + b'">'
    assert fingerprints(page, "page.html") & shared
    assert len(shared) > 3 * 1000


@pytest.mark.parametrize("folder", ["docs", "reports", "neurosci"])
def test_no_page_and_no_source_holds_one(shared, folder):
    """With the documentation built, its pages and pictures are among these files."""
    for path in sorted((ROOT / folder).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            assert not fingerprints(path.read_bytes(), path.name) & shared, path


def test_no_wheel_holds_one(shared, tmp_path):
    hatchling = pytest.importorskip("hatchling.builders.wheel")
    (wheel,) = hatchling.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    assert not fingerprints(Path(wheel).read_bytes(), "neurosci.whl") & shared
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if Path(name).suffix.lower() in PICTURES] == []
