"""What one run works on: the authors' released data, or a simulated release with known channels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.random import spawn
from neurosci._core.result import Source

from ._networks import NETWORK_FAMILIES, training_radius
from ._synthetic import make_channel_counts

if TYPE_CHECKING:
    import pandas as pd

N_IMAGES = 1000
SIMULATED_SERIES = "adversarial (simulated)"
ATTACK_RADII = (0.0025, 0.005, 0.01, 0.0157, 0.025, 0.05, 0.075, 0.085, 0.1, 0.2)
COMMON_RADII = (0.0157, 0.05, 0.1)

PRINTED_MEAN = Source(
    name="Human mean accuracy, printed",
    content="mean of 14 people, 35 conditions",
    kind="published",
    licence="numbers printed by the authors; shipped with this package",
    citation="Subramanian et al. (2023)",
    url="https://github.com/ajaysub110/critical-band-masking/tree/7e9c8e2b",
    note="Ten digits per cell, from the notebook `humans/human_analysis.ipynb` of 2023-11-02.",
)


@dataclass(frozen=True, eq=False)
class Release:
    """Data of one run.

    Parameters
    ----------
    networks : DataFrame
        Tidy counts: network, noise_sd, band, n_trials, n_correct.
    shape_score : Series
        Shape score (fraction) by network.
    whitebox : DataFrame
        network, radius, accuracy (fraction of 1,000 images).
    humans : DataFrame or None
        Tidy counts of single observers.
    families : mapping of str to str
        Family of each network.
    training : mapping of str to float
        Training radius of each network of the adversarial series.
    featured : tuple of str
        Networks shown in full, the first one also in the channel plot.
    sources : tuple of Source
        Inputs.
    synthetic : bool
        Whether networks were simulated here.
    """

    networks: pd.DataFrame
    shape_score: pd.Series
    whitebox: pd.DataFrame
    humans: pd.DataFrame | None
    families: Mapping[str, str]
    training: Mapping[str, float]
    featured: tuple[str, ...]
    sources: tuple[Source, ...]
    synthetic: bool

    @property
    def hash(self) -> str:
        """Name of the content, for saved units of work."""
        tables = (self.networks, self.shape_score.to_frame(), self.whitebox, self.humans)
        text = "\n".join(table.to_csv() for table in tables if table is not None)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def released(data: Any) -> Release:
    """Arrange the loaded release."""
    names = sorted(data.networks["network"].unique())
    radii = {name: training_radius(name) for name in names}
    return Release(
        networks=data.networks,
        shape_score=data.scores["shape_score"],
        whitebox=data.whitebox,
        humans=data.humans,
        families={name: NETWORK_FAMILIES.get(name, "other") for name in names},
        training={name: radius for name, radius in radii.items() if radius is not None},
        featured=tuple(n for n in ("resnet50", "vit_large_patch16_224", "bagnet33") if n in names),
        sources=(*data.sources, PRINTED_MEAN),
        synthetic=False,
    )


def simulated(seed: int) -> Release:
    """Make a release of 46 networks with known channels, arranged as the real one."""
    import pandas as pd

    rng = spawn(seed, "simulated release")
    radii = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5)
    n_free, n_series = 40, len(radii)
    letters = np.repeat(list("ABCDEFGH"), n_free // 8)
    family_width = dict(zip("ABCDEFGH", np.exp2(rng.normal(2.0, 0.3, 8)), strict=True))
    free_width = [family_width[x] for x in letters] * np.exp2(rng.normal(0, 0.15, n_free))
    width = np.append(free_width, [4.2] * n_series)
    center = np.exp2(rng.normal(np.log2(32), 0.25, n_free + n_series))
    ceiling_loss = np.append(rng.uniform(0.04, 0.25, n_free), np.linspace(0.2, 0.42, n_series))
    counts = make_channel_counts(
        n_free + n_series,
        bandwidth=width,
        center_frequency=center,
        peak_sensitivity=np.exp2(rng.normal(np.log2(40), 0.2, n_free + n_series)),
        slope=1.7,
        lapse_rate=ceiling_loss,
        random_state=rng,
    )
    names = [f"simulated_{i:02d}" for i in range(1, n_free + 1)]
    names += [f"simulated_radius_{radius:g}" for radius in radii]
    score = 1.1 - 0.16 * np.log2(width) - 0.11 * np.log2(center) + rng.normal(0, 0.04, len(names))
    return Release(
        networks=_tidy(names, counts),
        shape_score=pd.Series(np.clip(score, 0, 1), index=names, name="shape_score"),
        whitebox=_simulated_attacks(names[:6], names[n_free:], radii, rng),
        humans=None,
        families={
            **{name: f"family {x} (simulated)" for name, x in zip(names, letters, strict=False)},
            **dict.fromkeys(names[n_free:], SIMULATED_SERIES),
        },
        training=dict(zip(names[n_free:], radii, strict=True)),
        featured=tuple(names[:3]),
        sources=(
            Source(
                name="Simulated networks",
                content=f"{len(names)} simulated networks, 35 conditions each",
                kind="synthetic",
                licence="made by this package",
                note="Binomial counts from channels of known width: no network is behind them.",
            ),
            PRINTED_MEAN,
        ),
        synthetic=True,
    )


def _tidy(names: list[str], counts: Any) -> pd.DataFrame:
    import pandas as pd

    index = pd.MultiIndex.from_product(
        [names, counts.noise_sd, range(len(counts.frequencies))], names=["network", "noise_sd", "band"]
    )
    table = pd.DataFrame(index=index).reset_index()
    table["n_trials"] = np.tile(counts.n_trials.ravel(), len(names))
    table["n_correct"] = counts.n_correct.ravel()
    return table


def _simulated_attacks(
    free: list[str], series: list[str], radii: tuple[float, ...], rng: np.random.Generator
) -> pd.DataFrame:
    import pandas as pd

    everywhere = {*free[:4], series[1], series[-1]}
    rows = []
    for name, trained in [*((name, 0.0) for name in free), *zip(series, radii, strict=True)]:
        clean = 0.8 - 0.2 * trained
        half = 0.03 + 0.5 * trained
        # as in the real release, few networks were attacked at every radius
        for attack in ATTACK_RADII if name in everywhere else COMMON_RADII:
            p = clean / (1 + attack / half)
            rows.append((name, attack, rng.binomial(N_IMAGES, p) / N_IMAGES))
    return pd.DataFrame(rows, columns=["network", "radius", "accuracy"])
