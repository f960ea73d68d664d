"""Captions of the figures of stimuli, of noise bands, and of claims by method."""

from __future__ import annotations

from neurosci._core.metric import Metric
from neurosci._core.numbers import format_number
from neurosci._core.result import Figure

from ._compute import Findings
from ._formats import PERCENT, finding_of
from ._photographs import photograph_source
from ._survival import survival_table
from ._words_runs import survival_words


def stimuli_figure() -> Figure:
    """Return the figure of stimuli."""
    credit = photograph_source({}).citation
    return Figure(
        name="stimuli",
        tables=("stimuli",),
        finding="Noise of the same power hides an object in some bands and not in others.",
        caption=(
            "One stimulus of each condition, made as published: noise SD by row, noise band by column, here "
            "on two photographs that are not of the experiment. The middle of each is shown, 88 by 88 of its "
            "224 by 224 pixels, since the highest band is lost when a picture is made smaller. n = 35 "
            "stimuli, no error bars. The top row has no noise, so its labels mean nothing. Grey values are "
            f"rounded more in strong noise, to save space. Photographs: {credit}, CC BY 2.0, from "
            "scikit-learn, cut and made grey."
        ),
        alt=(
            "Grid of five by seven small grey pictures of a flower and a pagoda. From left to right the "
            "noise becomes finer, from top to bottom stronger. In the bottom row the objects are hard to "
            "see behind noise of the middle bands."
        ),
    )


def spectra_figure(found: Findings, metrics: dict[str, Metric]) -> Figure:
    """Return the figure of the spectra of the noise bands."""
    bands, off = found.bands.bands, metrics["label_distance"]
    above = int((bands["octaves_off"] > 0.5).sum())
    seen = (
        f" Green diamonds: noise in {found.bands.n_stimuli} stimuli of the authors (SD 0.16), what remains "
        "when the image is subtracted."
        if found.bands.n_stimuli
        else ""
    )
    return Figure(
        name="spectra",
        tables=("spectra", "bands"),
        finding=(
            f"The labels of {above} of {len(bands)} noise bands lie more than half an octave above their "
            f"measured centre, {format_number(off.value, 2)} octaves in the median."
        ),
        caption=(
            "**a**, share of the power of each noise band per octave of spatial frequency, from its exact "
            "spectrum (dark: low bands); dots, geometric mean frequency; purple ticks, labels; the mean "
            "luminance (frequency 0) is left out. **b**, label above the measured centre: exact (blue) with "
            f"the middle 95{PERCENT} of n = {found.params.n_fields} drawn fields per band.{seen} Shaded: "
            "nearer to the label than half way to the next one."
        ),
        alt=(
            "Left: seven humps of noise power along spatial frequency, with the label of each at its right "
            f"edge. Right: distance of label and centre by band; {above} of {len(bands)} lie outside of the "
            "half octave around zero, near one octave."
        ),
    )


def survival_figure(found: Findings, metrics: dict[str, Metric]) -> Figure:
    """Return the figure of claims by method."""
    table = survival_table(found, metrics)
    counts = table["holds"].value_counts()
    asked = table.loc[table["holds"] != "no estimate"]
    yes = int(counts.get("yes", 0))
    return Figure(
        name="survival",
        tables=("survival",),
        finding=finding_of(found, survival_words(table)),
        caption=(
            "Value of each claim by four methods. Filled circle: the claim holds by its rule; cross: it "
            f"does not; open: undecided or no interval. Bars: 95{PERCENT} intervals as in the text. Purple: "
            "printed value or range; thin line: no effect. **a**, human bandwidth (likelihood and filter: "
            "of power). **b**, median ratio of bandwidth to people. **c**, share of networks whose ratio "
            f"rounds to 2, 3 or 4 (holds from 90{PERCENT}). **d**, **e**, variance explained. **f**, "
            f"bandwidth at training radius {found.params.training_radius:g} over radius 0. n is in the table."
        ),
        alt=(
            f"Six panels, one per claim, with four methods as rows: of {len(asked)} values {yes} agree with "
            "the claim. Filled circles mark these, crosses those that disagree and open circles the "
            "undecided ones, each with its interval and the printed value in purple."
        ),
    )
