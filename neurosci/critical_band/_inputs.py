"""What a run shows to networks, and where the noise of published stimuli is measured."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.result import Source
from neurosci.preprocessing.images import ImageFolder

from ._category_map import CategoryMap
from ._compute_runs import Shown
from ._masking import CriticalBandMasking
from ._photographs import SIDE, photograph_source, photographs

if TYPE_CHECKING:
    import pandas as pd

CONTRAST, MEAN = 0.2, 0.449
STRONGEST = 0.16

Images = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Inputs:
    """Stimuli and networks of one run, or why they are not here.

    Parameters
    ----------
    shown : Shown or str
        What networks are shown.
    weights : dict of int to Path or str
        Weights of each network that was asked for.
    excess : dict of int to list of ndarray
        Noise in published stimuli, by band.
    sources : tuple of Source
        Further inputs, for the page.
    """

    shown: Shown | str = "No stimuli were looked for."
    weights: dict[int, Path | str] = field(default_factory=dict)
    excess: dict[int, list[Any]] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()


class Masked(Sequence[NDArray[np.float32]]):
    """Stimuli that are made when they are asked for.

    Parameters
    ----------
    masking : CriticalBandMasking
        How.
    images : mapping of str to ndarray
        Of what.
    trials : DataFrame
        In which conditions.
    """

    def __init__(self, masking: CriticalBandMasking, images: Images, trials: pd.DataFrame) -> None:
        self.masking, self.images, self.trials = masking, images, trials

    def __len__(self) -> int:
        return len(self.trials)

    def __getitem__(self, place: Any) -> Any:
        with warnings.catch_warnings():
            # said once, by `masked`, and not for each stimulus
            warnings.filterwarnings("ignore", "CriticalBandMasking: at noise SD")
            return self.masking.transform(self.images, self.trials.iloc[[place]])[0]


def masked(images: Images, categories: Sequence[str] | None, kind: str, source: Source, seed: int) -> Shown:
    """Mask images as published: one condition each, or every condition where there are no categories.

    Parameters
    ----------
    images : mapping of str to ndarray of shape (224, 224)
        Grey values, 0 to 255.
    categories : sequence of str or None
        Right answers.
    kind : {"user", "photographs"}
        Whose they are.
    source : Source
        For the page.
    seed : int
        Seed of noise and design.

    Returns
    -------
    Shown
        Stimuli, each made when it is asked for.
    """
    masking = CriticalBandMasking(
        contrast=CONTRAST,
        mean=MEAN,
        quantize="jpeg75",
        design="factorial" if categories is None else "balanced",
        random_state=seed,
    )
    trials = masking.make_trials(images, categories)
    return Shown(
        Masked(masking, images, trials), trials, kind, (source,), images if categories is None else {}
    )


def shipped_photographs(seed: int) -> Shown:
    """Return masked photographs of scikit-learn, whose right answer is the one given without mask."""
    images = photographs()
    return masked(images, None, "photographs", photograph_source(images), seed)


def folder_images(folder: str, seed: int) -> Shown:
    """Return masked images of a user's folder.

    Parameters
    ----------
    folder : str
        Images, in sub-folders named after their categories, or in none: then the right answer is the one
        that a network gives without mask.
    seed : int
        Seed of noise and design.

    Returns
    -------
    Shown
        Stimuli.

    Raises
    ------
    NotADirectoryError
        If there is no such folder.
    ValueError
        If it holds no image, or a sub-folder is not named after a category.
    """
    images = ImageFolder(Path(folder).expanduser(), SIDE)
    known = CategoryMap.imagenet16().categories
    named = list(images.categories.values())
    categories = named if any(named) else None
    strange = sorted(set(categories or ()) - set(known))
    if strange:
        raise ValueError(
            f"CriticalBandParams: images must be in sub-folders named after the categories "
            f"({', '.join(known)}) or in none, got {strange[0]!r}"
        )
    digest = hashlib.sha256()
    for name, image in images.items():
        digest.update(name.encode() + image.tobytes())
    source = Source(
        name="Images of the user",
        content=f"{len(images)} images" + ("" if categories else ", without categories"),
        kind="real",
        licence="the user's",
        files=(("names and pixels", digest.hexdigest()),),
        note="Made grey, cut to a square and scaled to 224 x 224 pixels; not shown on this page.",
    )
    return masked(images, categories, "user", source, seed)


def published_stimuli(stimuli: Any) -> Shown:
    """Return the authors' masked stimuli.

    Parameters
    ----------
    stimuli : Stimuli
        What the loader returned: ``images``, ``trials``, ``source``.

    Returns
    -------
    Shown
        Stimuli, read when they are asked for.
    """
    return Shown(stimuli.images, _named(stimuli.trials), "published", (stimuli.source,))


def _named(trials: pd.DataFrame) -> pd.DataFrame:
    # an image has a number within its block
    return trials.assign(image=trials["block"] + "/" + trials["image"])


def excess_noise(stimuli: Any, grey: Any) -> dict[int, list[Any]]:
    """Return what the strongest noise added to the published images, by band.

    Parameters
    ----------
    stimuli, grey : Stimuli
        Masked stimuli and the images they were made of.

    Returns
    -------
    dict of int to list of ndarray
        Stimulus less signal, 0 to 1.
    """
    place = {name: i for i, name in enumerate(_named(grey.trials)["image"])}
    trials = _named(stimuli.trials)
    found: dict[int, list[Any]] = {}
    rows = zip(trials["image"], trials["noise_sd"], trials["band"], strict=True)
    for i, (name, noise_sd, band) in enumerate(rows):
        if noise_sd == STRONGEST and name in place:
            image = grey.images[place[name]] / 255
            signal = CONTRAST * (image - image.mean()) + MEAN
            found.setdefault(int(band), []).append((stimuli.images[i] / 255 - signal).astype(np.float32))
    return dict(sorted(found.items()))
