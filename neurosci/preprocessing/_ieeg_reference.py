"""Contacts of depth electrodes and strips: which are neighbours, and signals against them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Exports of clinical systems write the prime of the other hemisphere in several ways.
_PRIMES = str.maketrans(dict.fromkeys("\u2019\u2032`\u00b4", "'"))


def shafts(where: str, ch_names: Iterable[str]) -> dict[str, dict[int, str]]:
    """Return the contacts of each shaft by their number; names that end in no number are left out."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for name in ch_names:
        match = re.fullmatch(r"(.*[^\W\d].*?)(\d+)", name.translate(_PRIMES).strip())
        if not match:
            continue
        contacts, number = found[match[1]], int(match[2])
        if number in contacts:
            raise ValueError(
                f"{where}: ch_names must name each contact once, got {contacts[number]!r} and {name!r} "
                "(rename or drop one)"
            )
        contacts[number] = name
    return dict(found)


def pairs(where: str, ch_names: Iterable[str], bads: Iterable[str]) -> list[tuple[str, str]]:
    """Return neighbours on the same shaft, neither of them bad, in ascending order of their numbers."""
    excluded = set(bads)
    return [
        (contacts[low], contacts[high])
        for contacts in shafts(where, ch_names).values()
        for low, high in pairwise(sorted(contacts))
        if high == low + 1 and not {contacts[low], contacts[high]} & excluded
    ]


def rereference(where: str, raw: Any, names: list[str], reference: str | None) -> Any:
    """Re-reference the named channels of a loaded recording in place, or return a new one."""
    import mne

    if reference is None:
        return raw
    good = [name for name in names if name not in raw.info["bads"]]
    if reference == "average":
        if len(good) < 2:
            raise ValueError(
                f"{where}: an average reference must have at least 2 good channels, got {len(good)}"
            )
        raw[good] = raw[good][0] - raw[good][0].mean(axis=0)
        with raw.info._unlock():
            raw.info["custom_ref_applied"] = mne.io.constants.FIFF.FIFFV_MNE_CUSTOM_REF_ON
        return raw
    if reference == "laplacian":
        return _laplacian(where, raw, names, good)
    neighbours = pairs(where, names, raw.info["bads"])
    _need_neighbours(where, neighbours, good, reference)
    return _bipolar(raw, names, neighbours)


def _need_neighbours(where: str, neighbours: list[Any], good: list[str], reference: str) -> None:
    if not neighbours:
        raise ValueError(
            f"{where}: a {reference} reference needs neighbouring contacts, named by shaft and number "
            f"(A1, A2, ...), got {', '.join(good[:8])} (rename the channels, or use reference='average')"
        )


def _bipolar(raw: Any, names: list[str], neighbours: list[tuple[str, str]]) -> Any:
    import mne

    anodes, cathodes = ([pair[i] for pair in neighbours] for i in (0, 1))
    new = [f"{anode}-{cathode}" for anode, cathode in neighbours]
    kinds = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    places = {channel["ch_name"]: channel["loc"][:3].copy() for channel in raw.info["chs"]}
    others = [name for name in raw.ch_names if name not in names]
    result = mne.set_bipolar_reference(
        raw, anodes, cathodes, ch_name=new, drop_refs=False, copy=False, on_bad="raise", verbose="ERROR"
    )
    result.drop_channels(names)
    result.reorder_channels([*new, *others])
    result.set_channel_types(
        {name: kinds[anode] for name, anode in zip(new, anodes, strict=True)},
        on_unit_change="ignore",
        verbose="ERROR",
    )
    for channel, anode, cathode in zip(result.info["chs"], anodes, cathodes, strict=False):
        channel["loc"][:3] = (places[anode] + places[cathode]) / 2
    return result


def _laplacian(where: str, raw: Any, names: list[str], good: list[str]) -> Any:
    """Subtract the mean of the neighbours on a shaft; contacts without a good neighbour are dropped."""
    neighbours: dict[str, list[str]] = defaultdict(list)
    for low, high in pairs(where, names, raw.info["bads"]):
        neighbours[low].append(high)
        neighbours[high].append(low)
    kept = [name for name in good if neighbours[name]]
    _need_neighbours(where, kept, good, "laplacian")
    weights: NDArray[np.float64] = np.eye(len(kept))
    for row, name in enumerate(kept):
        for neighbour in neighbours[name]:
            weights[row, kept.index(neighbour)] = -1 / len(neighbours[name])
    raw[kept] = weights @ raw[kept][0]
    raw.drop_channels([name for name in names if name not in kept])
    return raw
