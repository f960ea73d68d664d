"""The claims of the paper and the rules that judge them, written before any run."""

from __future__ import annotations

from neurosci._core.claims import Claim
from neurosci._core.numbers import NBSP

from ._compute_bands import BORDER
from ._scores import PRINTED_RANGE

CLAIMS = (
    Claim(
        id="CB1",
        text="People recognise objects through a channel about one octave wide.",
        source="Abstract; authors’ notebook",
        kind="digits",
        paper="1.00 octave",
        printed=("1.00",),
    ),
    Claim(
        id="CB1b",
        text="The bandwidth of single observers is 1.43 ± 0.54 octaves (mean and SD).",
        source="Authors’ notebook",
        kind="digits",
        paper="1.43 ± 0.54 octaves",
        printed=("1.43", "0.54", "39.13", "2.98", "0.80", "0.28"),
    ),
    Claim(
        id="CB2",
        text="The network channel is 2 to 4 times as wide.",
        source="Abstract",
        kind="range",
        paper="2 to 4 times",
        printed=PRINTED_RANGE,
    ),
    Claim(
        id="CB3",
        text=f"Channel properties explain 51{NBSP}% of the variance in shape score.",
        source="Abstract",
        kind="digits",
        paper=f"51{NBSP}%",
        printed=("51",),
        denied=0.0,
    ),
    Claim(
        id="CB4",
        text=f"They explain 66{NBSP}% of the variance in robustness of adversarially trained networks.",
        source="Abstract",
        kind="digits",
        paper=f"66{NBSP}%",
        printed=("66",),
        denied=0.0,
    ),
    Claim(
        id="CB5",
        text="Adversarial training raises robustness.",
        source="Abstract",
        kind="direction",
        paper="more robust",
        denied=0.0,
    ),
    Claim(
        id="CB6",
        text="Adversarial training widens the channel.",
        source="Abstract",
        kind="direction",
        paper="wider",
        denied=1.0,
        needs_samples=True,
    ),
    Claim(
        id="CB7",
        text="Reported frequencies are the centres of the noise bands.",
        source="Authors’ code",
        kind="bound",
        side="less",
        paper="1.75 to 112 cycles per image",
        # nearer to the label than to the border half way to the next one
        printed=(f"{BORDER:g}",),
    ),
    Claim(
        id="CB8",
        text="A network that is not in the paper behaves like its networks.",
        source="Our question",
        kind="direction",
        paper="no value",
        # distance inside of the range of the published networks, octaves
        denied=0.0,
        needs_samples=True,
    ),
)
