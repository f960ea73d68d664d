"""From the classes of a network to the categories of an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

_WHERE = "CategoryMap"

# Classes of ImageNet-1k (numbered by sorted WordNet ID, from 0) as first-last or single numbers.
_IMAGENET16 = {
    "airplane": "404",
    "bear": "294-297",
    "bicycle": "444 671",
    "bird": "8 10-16 18-20 22-24 80-83 87-96 98-100 127-133 135-145",
    "boat": "472 554 625 814 914",
    "bottle": "440 720 737 898-899 901 907",
    "car": "436 511 817",
    "cat": "281-286",
    "chair": "423 559 765 857",
    "clock": "409 530 892",
    "dog": "152-191 193-203 205-226 228-241 243-250 252-257 259 261-263 265-268",
    "elephant": "385-386",
    "keyboard": "508 878",
    "knife": "499",
    "oven": "766",
    "truck": "555 569 656 675 717 734 864 867",
}


class CategoryMap:
    """Say which classes of a network make up each category of an experiment.

    Parameters
    ----------
    members : mapping of str to sequence of int
        Category names, in the order that decides ties, each with the numbers of its classes. No
        class may be in two categories; classes may be in none.
    n_classes : int, default=1000
        Number of outputs of the network.

    Attributes
    ----------
    categories : tuple of str
        Names.
    members : dict of str to tuple of int
        Classes of each category.
    n_classes : int
        Number of outputs of the network.

    Notes
    -----
    The score of a category is the *arithmetic mean* of the probabilities of its classes, taken
    from a softmax over all classes and not normalised again: a sum would favour "dog", which has
    109 classes, over "knife", which has one. The response is the category with the highest score; of
    several, the first in the order of `categories`, so that a network without any preference
    answers "airplane" and is right in the share of trials that show airplanes.

    References
    ----------
    Geirhos R, Temme CRM, Rauber J, Schuett HH, Bethge M, Wichmann FA (2018). Generalisation in
    humans and deep neural networks. Advances in Neural Information Processing Systems 31,
    7549-7561.

    Examples
    --------
    >>> from neurosci.critical_band import CategoryMap
    >>> animals = CategoryMap({"cat": [0, 2], "dog": [1, 3, 4]}, n_classes=6)
    >>> scores = animals.scores([[0.125, 0.25, 0.25, 0.125, 0.125, 0.125], [1 / 6] * 6])
    >>> scores.round(3).tolist(), animals.decide(scores).tolist()
    ([[0.188, 0.167], [0.167, 0.167]], ['cat', 'cat'])
    """

    def __init__(self, members: Mapping[str, Sequence[int]], n_classes: int = 1000) -> None:
        if isinstance(n_classes, bool) or not isinstance(n_classes, int | np.integer) or n_classes < 2:
            raise ValueError(f"{_WHERE}: n_classes must be a whole number >= 2, got {n_classes!r}")
        if len(members) < 2:
            raise ValueError(f"{_WHERE}: members must name at least 2 categories, got {len(members)}")
        self.n_classes = int(n_classes)
        self.members = {
            str(name): _classes(name, classes, self.n_classes) for name, classes in members.items()
        }
        self.categories = tuple(self.members)
        seen: dict[int, str] = {}
        for name, classes in self.members.items():
            for number in classes:
                if number in seen:
                    raise ValueError(
                        f"{_WHERE}: members must hold each class once, got class {number} in "
                        f"{seen[number]!r} and in {name!r}"
                    )
                seen[number] = name
        self._columns = np.array(list(seen), dtype=np.intp)
        sizes = np.array([len(classes) for classes in self.members.values()])
        self._starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self._sizes = sizes

    @classmethod
    def imagenet16(cls) -> Self:
        """Return the 16 basic-level categories of ImageNet-1k, 207 classes in all.

        Returns
        -------
        CategoryMap
            airplane, bear, bicycle, bird, boat, bottle, car, cat, chair, clock, dog, elephant,
            keyboard, knife, oven, truck. Classes are numbered by sorted WordNet ID, as nearly all
            networks number them.

        Examples
        --------
        >>> categories = CategoryMap.imagenet16()
        >>> len(categories.categories), sum(len(c) for c in categories.members.values())
        (16, 207)
        """
        return cls({name: _ranges(text) for name, text in _IMAGENET16.items()})

    def scores(self, probabilities: ArrayLike) -> NDArray[np.float64]:
        """Return the mean probability of the classes of each category.

        Parameters
        ----------
        probabilities : array-like of shape (n_images, n_classes)
            Probabilities (0 to 1) of all classes.

        Returns
        -------
        ndarray of shape (n_images, n_categories)
            Scores (0 to 1); they do not sum to one.

        Raises
        ------
        ValueError
            If the shape is not (n_images, n_classes), or a probability is NaN or outside 0 to 1.
        """
        table = np.asarray(probabilities, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != self.n_classes:
            raise ValueError(
                f"{_WHERE}: probabilities must have shape (n_images, {self.n_classes}), got {table.shape}"
            )
        if not ((table >= 0) & (table <= 1)).all():
            raise ValueError(
                f"{_WHERE}: probabilities must be in [0, 1], got {np.isnan(table).sum()} NaN and "
                f"{((table < 0) | (table > 1)).sum()} values outside (apply a softmax to logits)"
            )
        # Means of differences from the first class, so that equal probabilities give exactly equal scores.
        first = table[:, self._columns[self._starts]]
        excess = table[:, self._columns] - np.repeat(first, self._sizes, axis=1)
        return np.asarray(first + np.add.reduceat(excess, self._starts, axis=1) / self._sizes)

    def decide(self, scores: ArrayLike) -> NDArray[np.str_]:
        """Return the category with the highest score; the first one of several.

        Parameters
        ----------
        scores : array-like of shape (n_images, n_categories)
            Any numbers, for example from `scores`.

        Returns
        -------
        ndarray of str, shape (n_images,)
            Names of categories.

        Raises
        ------
        ValueError
            If the shape does not fit or a score is NaN.
        """
        table = np.asarray(scores, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != len(self.categories):
            raise ValueError(
                f"{_WHERE}: scores must have shape (n_images, {len(self.categories)}), got {table.shape}"
            )
        if np.isnan(table).any():
            raise ValueError(f"{_WHERE}: scores must be numbers, got {np.isnan(table).sum()} NaN")
        return np.asarray(np.array(self.categories)[table.argmax(axis=1)])

    def check_categories(self, names: ArrayLike, where: str) -> None:
        """Raise when a name is not one of the categories.

        Parameters
        ----------
        names : array-like of str
            Names, for example the categories of stimuli.
        where : str
            Function that got them, for the message.

        Raises
        ------
        ValueError
            Names the first unknown one.
        """
        unknown = sorted({str(name) for name in np.asarray(names).ravel()} - set(self.categories))
        if unknown:
            raise ValueError(
                f"{where}: categories must be among {', '.join(self.categories)}, got {unknown[0]!r} "
                f"({len(unknown)} unknown names)"
            )

    def __repr__(self) -> str:
        n = len(self._columns)
        return f"CategoryMap({len(self.categories)} categories, {n} of {self.n_classes} classes)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CategoryMap):
            return NotImplemented
        # the order of categories decides ties, so it counts
        return self.n_classes == other.n_classes and list(self.members.items()) == list(other.members.items())

    def __hash__(self) -> int:
        return hash((self.n_classes, tuple(self.members.items())))


def _classes(name: Any, classes: Sequence[int], n_classes: int) -> tuple[int, ...]:
    numbers = np.asarray(classes)
    if numbers.ndim != 1 or not numbers.size or numbers.dtype.kind not in "iu":
        raise ValueError(f"{_WHERE}: members[{name!r}] must be a list of class numbers, got {classes!r}")
    if numbers.min() < 0 or numbers.max() >= n_classes:
        raise ValueError(
            f"{_WHERE}: members[{name!r}] must be numbers from 0 to {n_classes - 1}, "
            f"got {numbers.min()} to {numbers.max()}"
        )
    if len(set(numbers.tolist())) != len(numbers):
        raise ValueError(f"{_WHERE}: members[{name!r}] must hold each class once, got duplicates")
    return tuple(int(number) for number in numbers)


def _ranges(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split():
        first, _, last = part.partition("-")
        found.extend(range(int(first), int(last or first) + 1))
    return found
