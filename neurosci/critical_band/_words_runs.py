"""What the report says about the networks run here, the noise bands, and which claims survive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neurosci._core.metric import Metric
from neurosci._core.numbers import format_number
from neurosci._core.result import Method

from ._compute import Findings
from ._formats import PERCENT, with_interval

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "published": "the authors’ masked stimuli (made with another seed than those of the experiment)",
    "user": "images of the user, masked here",
    "photographs": "photographs of scikit-learn, masked here, since the images of the experiment are not "
    "here",
}


def run_stimuli(found: Findings) -> str:
    """Return how many stimuli the networks run here saw, and which."""
    n = next((int(trials.sum()) for _, trials in found.runs.counts.values()), 0)
    kind = "" if found.runs.shown is None else found.runs.shown.kind
    whose = {"published": " of the authors", "user": " of the user", "photographs": " of two photographs"}
    return f"{n:,} stimuli{whose.get(kind, '')}"


def run_sentence(found: Findings, metrics: dict[str, Metric]) -> str:
    """Return what the networks run here did, in one sentence for each."""
    runs = found.runs
    if runs.table is None or runs.index is None:
        return ""
    sentences = []
    for name, (_, trials) in runs.counts.items():
        rows = runs.table[runs.table["network"] == name].set_index("method")
        index = runs.index.set_index("network").loc[name]
        steps = ", ".join(str(int(index[f"index_{band}"])) for band in range(trials.shape[1]))
        accuracy = metrics[f"{name}: accuracy without noise"]
        likely = metrics[f"{name}: likelihood bandwidth"]
        width = "no channel resolved by likelihood"
        if math.isfinite(likely.value):
            width = (
                f"{with_interval(likely, 2, 'octaves')} wide by likelihood, "
                f"{format_number(float(rows.loc['likelihood', 'ratio']), 2)} times the human channel"
            )
        sentences.append(
            f"{name}: {format_number(accuracy.value, 1)}{PERCENT} correct without noise, threshold indices "
            f"{steps}, {width}."
        )
    return " ".join(sentences)


NAMES = {
    "width": "a human width of 1.00 octave",
    "ratio": "that networks are wider",
    "range": "the range of 2 to 4 times",
    "shape": f"51{PERCENT} of shape score",
    "robust": f"66{PERCENT} of robustness",
    "widening": "that adversarial training widens the channel",
}


def survivors(table: pd.DataFrame) -> tuple[list[str], list[str], list[str]]:
    """Return the claims that hold by every other method, by none, and the rest."""
    others = table[(table["method"] != "paper’s method") & (table["holds"] != "no estimate")]
    by_claim = others.groupby("key", sort=False)["holds"].agg(set)
    survive = [NAMES[key] for key, holds in by_claim.items() if holds == {"yes"}]
    fail = [NAMES[key] for key, holds in by_claim.items() if holds == {"no"}]
    return survive, fail, [NAMES[key] for key in by_claim.index if NAMES[key] not in (*survive, *fail)]


def survival_words(table: pd.DataFrame) -> str:
    """Return how many claims survive, and which."""
    survive, fail, rest = survivors(table)
    n = len(survive) + len(fail) + len(rest)
    kept = f": {_listed(survive)}" if survive else ""
    return f"Of {n} claims, {len(survive)} hold by every other method{kept}; {len(fail)} hold by none."


def survival_sentence(table: pd.DataFrame) -> str:
    """Return which claims hold by every other method, by none, and which depend on the method."""
    survive, fail, rest = survivors(table)
    parts = [
        f"{words}: {_listed(members)}"
        for words, members in (
            ("hold by every other method", survive),
            ("hold by none", fail),
            ("depend on the method or stay undecided", rest),
        )
        if members
    ]
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _listed(members: list[str]) -> str:
    return members[0] if len(members) == 1 else f"{', '.join(members[:-1])} and {members[-1]}"


def filter_methods(found: Findings) -> Method:
    """Return the methods section of the filter observer."""
    if found.filter is None:
        return Method(
            "Filter observer",
            ("Not run: it needs a guess rate of one over a whole number of alternatives.",),
        )
    n = round(1 / found.params.guess_rate)
    return Method(
        "Filter observer",
        (
            "An observer is modelled that sees the image through a filter with power gain G(f) = exp(−(log2 "
            f"f − log2 f0)² / 2s²), adds noise of its own, and takes the most likely of {n} categories. With "
            "noise of SD σ in band k, d′ = (σ² v_k / c² + 1 / a²)^(−1/2), where v_k is the sum of G over "
            f"the exact power spectrum of the band; accuracy is the probability that the right one of {n} "
            "normal variables is the largest, by quadrature, with a rate of lapses. Amplitude a, internal "
            "scale c, centre f0, width s and the lapse rate are fitted to all counts at once by maximum "
            "likelihood.",
            "The noise bands are about an octave wide themselves and broaden every other estimate; this one "
            "allows for it, and its centre is a physical frequency, not a label. Bandwidth is the full width "
            "at half height of power gain, 2√(2 ln 2) s octaves. It is compared with the human one by the "
            "same method, for networks that the paper’s method can use too. Limits as for maximum "
            "likelihood.",
        ),
    )


def band_methods(found: Findings) -> Method:
    """Return the methods section of the noise bands."""
    seen = (
        f" In {found.bands.n_stimuli} stimuli of the authors with the strongest noise, the noise is what "
        "remains when the image, at its reduced contrast, is subtracted."
        if found.bands.n_stimuli
        else ""
    )
    return Method(
        "Frequencies of the noise bands",
        (
            "The noise bands are levels of a Laplacian pyramid of white noise, a linear operation whose "
            "expected power spectrum is computed exactly. The centre of a band is the geometric mean of "
            "frequency weighted with power, without the mean luminance. As a check it is measured in "
            f"{found.params.n_fields} drawn fields per band.{seen} Labels are judged as centres when the "
            "median distance between label and centre is below half an octave, the border to the next band.",
        ),
    )


def run_methods(found: Findings) -> Method:
    """Return the methods section of the networks run here."""
    heading = "Networks run here"
    runs = found.runs
    if runs.table is None or runs.shown is None:
        return Method(heading, (f"Not run. {runs.reason}",))
    n = next(int(trials.sum()) for _, trials in runs.counts.values())
    subset = (
        f" A fixed subset is shown, {found.params.n_images_per_condition} stimuli of each condition of as "
        "many categories as possible, chosen by their names alone."
        if found.params.n_images_per_condition
        else ""
    )
    truth = (
        " The right answer is the network’s response to the photograph without mask, at full contrast."
        if runs.shown.clear
        else ""
    )
    missing = f" Not here: {', '.join(runs.missing)}." if runs.missing else ""
    return Method(
        heading,
        (
            f"{_listed(list(runs.counts))}, trained on ImageNet by others and not in the paper, saw {n:,} "
            f"stimuli: {KINDS[runs.shown.kind]}.{subset} Their 1,000 outputs become 16 categories by the "
            f"mean probability of the classes of each.{truth} Channels are estimated as for the published "
            "networks. They are said to behave like those when the bandwidth by likelihood of each lies in "
            f"the middle 95{PERCENT} of the published ones: the distance to the nearer end of that range, of "
            "the outermost network, is judged with its interval (parametric bootstrap over trials, the "
            f"range held fixed).{missing}",
        ),
    )
