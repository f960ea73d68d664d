"""Which image gets which condition and which seed: from its name or its pixels, never from its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DESIGNS = ("random", "factorial", "balanced")


def number(*words: object) -> int:
    """Return a whole number below 2**63 that depends on the words only."""
    text = "\x1f".join(str(word) for word in words).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 1


def pixel_keys(images: Iterable[NDArray[np.generic]]) -> list[str]:
    """Return a key of each image from its pixels; the second of two equal images has a key of its own."""
    seen: dict[str, int] = {}
    keys = []
    for image in images:
        unit = image.astype(np.float64) / (255 if image.dtype == np.uint8 else 1)
        # on 65536 levels a photograph has the same key as uint8 and as real numbers
        levels = np.rint(unit * 65535).astype("<u2")
        digest = hashlib.sha256(f"{levels.shape}".encode() + levels.tobytes()).hexdigest()
        count = seen[digest] = seen.get(digest, -1) + 1
        keys.append(f"{digest}-{count}")
    return keys


def conditions(
    design: str,
    keys: Sequence[str],
    categories: Sequence[object],
    n_levels: int,
    n_bands: int,
    silent: list[int],
    root: int,
) -> list[tuple[int, int, int]]:
    """Return (image, noise level, band) of every trial.

    Parameters
    ----------
    design : str
        "random", "balanced" or "factorial".
    keys : sequence of str
        Key of each image.
    categories : sequence
        Category of each image, for the balance.
    n_levels, n_bands : int
        Number of noise levels and of bands.
    silent : list of int
        Levels without noise, at which the band means nothing.
    root : int
        Seed of the experiment.

    Returns
    -------
    list of tuple of int
        In the order of the images.
    """
    if design == "random":
        cells = [number(root, "condition", key) % (n_levels * n_bands) for key in keys]
        return [(i, *divmod(cell, n_bands)) for i, cell in enumerate(cells)]
    # the order in which images are dealt with depends on their keys only
    dealt = sorted(
        range(len(keys)), key=lambda i: (str(categories[i]), number(root, "order", keys[i]), keys[i])
    )
    if design == "balanced":
        order = np.random.default_rng(number(root, "cells")).permutation(n_levels * n_bands)
        place = {image: int(order[n % len(order)]) for n, image in enumerate(dealt)}
        return [(i, *divmod(place[i], n_bands)) for i in range(len(keys))]
    turn = {image: n % n_bands for n, image in enumerate(dealt)}
    return [
        (i, level, band)
        for i in range(len(keys))
        for level in range(n_levels)
        for band in ([turn[i]] if level in silent else range(n_bands))
    ]


def table(
    names: Sequence[object],
    keys: Sequence[str],
    categories: Sequence[object],
    cells: list[tuple[int, int, int]],
    levels: Sequence[float],
    frequencies: Mapping[str, NDArray[np.float64]],
    root: int,
) -> Any:
    """Return the table of trials."""
    import pandas as pd

    image, level, band = (np.array(column, dtype=np.int64) for column in zip(*cells, strict=True))
    noise_sd = np.asarray(levels, dtype=np.float64)[level]
    columns: dict[str, Any] = {
        "image": [names[i] for i in image],
        "category": [categories[i] for i in image],
        "noise_sd": noise_sd,
        "band": band,
        **{name: values[band] for name, values in frequencies.items()},
        "seed": np.array(
            [
                number(root, "stimulus", keys[i], repr(float(sd)), int(b))
                for i, sd, b in zip(image, noise_sd, band, strict=True)
            ],
            dtype=np.int64,
        ),
    }
    return pd.DataFrame(columns)
