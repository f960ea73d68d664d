"""Photographs that Python packages ship: pictures that may be shown, where those of the paper may not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurosci._core.result import Source

SIDE = 224
NAMES = ("flower.jpg", "china.jpg")
# Left upper corner and side of each crop, in pixels of the photograph (427 x 640)
_CROPS = {
    "flower.jpg": ((0, 100, 420), (90, 210, 224), (200, 150, 224), (60, 300, 300)),
    "china.jpg": ((0, 0, 420), (0, 200, 420), (100, 320, 300), (180, 60, 224)),
}


def photographs() -> dict[str, NDArray[np.uint8]]:
    """Return grey crops of the photographs that scikit-learn ships.

    Returns
    -------
    dict of str to ndarray of shape (224, 224)
        Grey values, 0 to 255, by photograph and number of the crop.
    """
    import sklearn
    from PIL import Image

    # beside the package, since importing sklearn.datasets loads much that has nothing to do with pictures
    folder = Path(sklearn.__file__).parent / "datasets" / "images"
    images = {}
    for name in NAMES:
        with Image.open(folder / name) as file:
            picture = file.convert("L")
        for number, (top, left, side) in enumerate(_CROPS[name]):
            crop = picture.crop((left, top, left + side, top + side))
            scaled = crop.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            images[f"{name.removesuffix('.jpg')} {number}"] = np.asarray(scaled)
    return images


def photograph_source(images: Mapping[str, NDArray[np.uint8]]) -> Source:
    """Return the origin and the licence of the photographs.

    Parameters
    ----------
    images : mapping of str to ndarray of shape (224, 224)
        What `photographs` returned.

    Returns
    -------
    Source
        For the page.
    """
    digest = hashlib.sha256(b"".join(image.tobytes() for image in images.values())).hexdigest()
    return Source(
        name="Photographs shipped with scikit-learn",
        content=f"{len(images)} grey crops of 2 photographs",
        kind="real",
        licence="CC BY 2.0",
        citation="china.jpg: danielbuechele; flower.jpg: vultilion (both Flickr, 2011)",
        url="https://www.flickr.com/photos/vultilion/6056698931/sizes/z/in/photostream/",
        files=(("crops", digest),),
        note="Cropped, made grey and scaled to 224 x 224 pixels; shown with noise added.",
    )
