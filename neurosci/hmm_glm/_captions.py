"""Figures of the synthetic part with captions whose findings are computed; then those of the recordings."""

from __future__ import annotations

from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Figure

from ._captions_real import real_figures
from ._compute import Findings
from ._metrics import fall_numbers, runner_up

Metrics = dict[str, Metric]
PERCENT = f"{NBSP}%"


def figures(found: Findings, metrics: Metrics) -> tuple[Figure, ...]:
    """Return the figures in the order of the page."""
    return (
        _recovery(found, metrics),
        _connectivity(found, metrics),
        _states(found, metrics),
        _thresholds(found, metrics),
        _likelihood(found),
        _selection(found, metrics),
        _groups(found),
        _neurons(found, metrics),
        _stickiness(found),
        *real_figures(found, metrics),
        _thumbnail(),
    )


def _n(value: float, decimals: int | None = None) -> str:
    return format_number(value, decimals)


def _recovery(found: Findings, metrics: Metrics) -> Figure:
    p = found.params
    return Figure(
        name="recovery",
        tables=("table1",),
        finding=(
            "On synthetic spikes, with equal starts, OHG’s weight error is "
            f"{_n(metrics['weight_ratio'].value, 2)} of HG’s and its state accuracy "
            f"{_n(metrics['accuracy OHG'].value - metrics['accuracy HG'].value, 1)} points higher."
        ),
        caption=(
            f"Table 1. Dots: draws, n = {p.n_draws} networks of {p.n_neurons} neurons and {p.n_states} "
            "states; black bars: medians; purple diamonds: printed means (likelihoods are printed without "
            "their scale). **a**, gain of a held-out sequence over constant rates. **b**, bins whose state "
            "is right. **c**, mean absolute error of weights. **d**, signs of connections, inhibitory, none "
            "or excitatory. **e**, shared signs. Vermilion: OHG; blue: GHG; green: HG; grey: others; the "
            "likelihood of HMM Bern is that of counts cut at 1. No error bars: every draw is shown. A dash: "
            "not defined."
        ),
        alt=(
            "Five panels with a row for each of eight models and one dot for each draw. OHG stands out by "
            "its small weight error and its accuracy of signs; in states and held-out likelihood the models "
            "with priors lie close together."
        ),
    )


def _connectivity(found: Findings, metrics: Metrics) -> Figure:
    second = runner_up(found, "adjacency")
    return Figure(
        name="connectivity",
        tables=("matrices",),
        finding=(
            f"In synthetic networks OHG recovers {_n(metrics['adjacency OHG'].value, 0)}{PERCENT} of the "
            f"signs of connections, {second}, the next, "
            f"{_n(metrics['adjacency ' + second].value, 0)}{PERCENT}."
        ),
        caption=(
            "Fig. 2. State 2 of the first draw; target neuron by row, source by column. Top: weights, on "
            "the scale of the 98th percentile of the true ones (HMM Corr: correlations, scaled to the "
            "largest true weight). Middle: signs, blue inhibitory, white none, red excitatory. Bottom: "
            "shared signs of all states. Models without signs of their own get them by Eq. 8, relative to "
            "the largest weight. n = 1 draw; no error bars: single estimates."
        ),
        alt=(
            "Three rows of nine square matrices: truth and eight models. The weights of OHG look like the "
            "true ones, sparse and of both signs; the others are noisy. By Eq. 8 the other models mark few "
            "connections, OHG most of the true ones."
        ),
    )


def _states(found: Findings, metrics: Metrics) -> Figure:
    return Figure(
        name="states",
        tables=("runs",),
        finding=(
            f"In synthetic sequences OHG names {_n(metrics['accuracy OHG'].value, 0)}{PERCENT} of the "
            f"states rightly, HG {_n(metrics['accuracy HG'].value, 0)}{PERCENT}, a Poisson HMM without "
            f"history {_n(metrics['accuracy HMM Corr'].value, 0)}{PERCENT}."
        ),
        caption=(
            f"Fig. 7. Likeliest state of each bin of one held-out sequence of {_n(found.params.n_bins)} "
            "bins, truth on top; colours: states, matched to the truth on the data for fitting. The GLM has "
            "no states. n = 1 sequence of the first draw; no error bars: single paths."
        ),
        alt=(
            "Coloured bars of states over time, one for the truth and one for each of seven models. Most "
            "bars repeat the true visits, apart from short errors at the changes, so that states can be "
            "read from spikes; where bars break up, a model errs."
        ),
    )


def _thresholds(found: Findings, metrics: Metrics) -> Figure:
    return Figure(
        name="thresholds",
        tables=("thresholds",),
        finding=(
            "On synthetic spikes no threshold on the weights of HG or GHG gives the signs that OHG gives "
            f"without one ({_n(metrics['adjacency OHG'].value, 0)}{PERCENT})."
            if _beaten(found)
            else "On synthetic spikes a well-chosen threshold on weights finds signs about as well as OHG "
            "without one."
        ),
        caption=(
            "Fig. 6. Balanced accuracy of signs when weights below a share of the largest count as none. "
            "**a**, signs in each state. **b**, shared signs, from the mean weight over states. Green: HG; "
            "blue: GHG; vermilion: OHG; dashed: OHG’s own types; dotted: chance. Lines: means of n = "
            f"{found.params.n_draws} draws; bands: 95{PERCENT} t intervals. The best threshold is not known "
            "in recordings."
        ),
        alt=(
            "Two panels of balanced accuracy against threshold. Curves rise from chance to a maximum at "
            "small thresholds and fall back; the dashed line of OHG’s own types needs no threshold and lies "
            "near or above the maxima."
        ),
    )


def _beaten(found: Findings) -> bool:
    table = found.tables["thresholds"]
    own = table[(table["kind"] == "adjacency") & (table["model"] != "OHG")]
    return bool(own.groupby("model")["accuracy"].max().max() < table["direct"].iloc[0])


def _likelihood(found: Findings) -> Figure:
    p, table = found.params, found.tables["by_states"]
    own = table[table["model"] == "OHG"]
    best = int(own.loc[own["gain"].idxmax(), "n_states"])
    top = table.groupby("model")["gain"].max()
    return Figure(
        name="likelihood",
        tables=("by_states", "by_states_matrices"),
        finding=(
            f"On synthetic spikes with {p.n_states} states OHG predicts held-out spikes best with {best} "
            f"states, {_n(top['OHG'], 0)} nats above constant rates; HG reaches {_n(top['HG'], 0)}."
        ),
        caption=(
            "Figs. 5B and 5D. **a**, gain over constant rates by number of states; grey: GLM; green: HG; "
            f"blue: GHG; vermilion: OHG. Mean and range of n = {p.n_sweep_draws} draws. **b**, first draw "
            "of Table 1: shared signs, weights and signs of two states by model; target by row, source by "
            "column, red excitatory, blue inhibitory. Panels 5A and 5C show whisker stimuli and have no "
            "synthetic counterpart."
        ),
        alt=(
            "Left: likelihood gain against number of states for four models; it rises steeply and flattens "
            "at the true number. Right: three rows of five matrices; those of OHG are sparse and alike "
            "between states where signs are shared."
        ),
    )


def _selection(found: Findings, metrics: Metrics) -> Figure:
    return Figure(
        name="selection",
        tables=("numbers",),
        finding=(
            f"On synthetic spikes with {found.params.n_states} states the BIC that counts all parameters "
            f"chooses {_n(metrics['bic_states'].value)}, the paper’s count "
            f"{_n(metrics['bic_paper_states'].value)}, held-out likelihood "
            f"{_n(metrics['likeliest_states'].value)}."
        ),
        caption=(
            "Fig. 10. OHG by number of states. **a**, gain of a held-out sequence over constant rates, mean "
            f"and range of n = {found.params.n_sweep_draws} draws. **b**, BIC with weights, baselines and "
            "transitions counted. **c**, BIC with as many parameters as states plus one, which matches the "
            "printed values. Filled: best. Dashed: truth. No error bars in b and c: their differences "
            "between draws are those of the data."
        ),
        alt=(
            "Three panels against the number of states, each with its best value filled and the truth "
            "dashed. Held-out likelihood rises steeply at first and then levels off; BIC with all "
            "parameters falls, then rises, and without weights it falls longer."
        ),
    )


def _groups(found: Findings) -> Figure:
    table = found.tables["groups"].groupby("model")["accuracy"].mean()
    return Figure(
        name="subpopulations",
        tables=("groups",),
        finding=(
            "With three synthetic groups that switch independently, eight joint states are hard to find: "
            f"{_n(float(table['OHG']), 0)}{PERCENT} of bins for OHG, {_n(float(table['HG']), 0)}{PERCENT} "
            "for HG."
        ),
        caption=(
            "Fig. 14. Three groups of five neurons with two states each make eight joint states. Dots: "
            f"draws, n = {found.params.n_sweep_draws}; black bars: medians. **a**, gain of a held-out "
            "sequence over constant rates. **b**, bins whose joint state is right (chance 12.5 %). **c**, "
            "mean absolute error of weights. Grey: GLM; green: HG; blue: GHG; vermilion: OHG. No error "
            "bars: every draw is shown."
        ),
        alt=(
            "Three panels with a row for each of four models: likelihood gain, accuracy of joint states, "
            "which stays far from complete for every model, and weight error, which is smallest where the "
            "prior keeps absent connections at zero."
        ),
    )


def _neurons(found: Findings, metrics: Metrics) -> Figure:
    few, many = fall_numbers(found)
    p = found.params
    return Figure(
        name="neurons",
        tables=("sizes", "fitted"),
        finding=(
            f"With {many} synthetic neurons exact inference finds "
            f"{_n(metrics['many_exact'].value, 1)}{PERCENT} of the states, clamped emissions "
            f"{_n(metrics['many_clamped'].value, 0)}{PERCENT}."
        ),
        caption=(
            f"Fig. 16 and appendix A.8. **a**, accuracy at the true parameters, n = {p.n_clamp_draws} "
            "draws: black, exact; purple, with emission probabilities clamped at 10⁻¹⁶ as in the published "
            f"code. **b**, accuracy of fitted models, n = {p.n_sweep_draws} draws: green HG, blue GHG, "
            "vermilion OHG. **c**, their gain over constant rates per neuron and held-out sequence. Marks "
            f"and bars: mean and range of draws. The paper reports that accuracy falls from {few} neurons "
            "on, of fitted models."
        ),
        alt=(
            "Three panels against the number of neurons. Accuracy at the true parameters rises towards 100 "
            "percent with exact inference and collapses beyond 40 neurons with clamped emissions. Fitted "
            "models lie below and need more data as neurons are added."
        ),
    )


def _stickiness(found: Findings) -> Figure:
    table = found.tables["stickiness"]
    means = table.groupby("strength")["accuracy"].mean()
    return Figure(
        name="stickiness",
        tables=("stickiness",),
        finding=(
            "On synthetic spikes HG with a prior on staying goes from "
            f"{_n(float(means.iloc[0]), 0)}{PERCENT} right states without it to "
            f"{_n(float(means.iloc[-1]), 0)}{PERCENT} with {_n(float(means.index[-1]))} extra stays per "
            "state."
        ),
        caption=(
            "Fig. 17, with a Dirichlet prior in place of the squared penalty. HG with extra stays added to "
            f"each state’s transitions. Triangles joined by lines: draws, n = {found.params.n_sweep_draws}. "
            "**a**, gain of a held-out sequence over constant rates. **b**, bins whose state is right. "
            "**c**, mean visit of the likeliest states; dashed, truth. No error bars: every draw is shown."
        ),
        alt=(
            "Three panels against the strength of the prior, one line for each draw: likelihood, accuracy "
            "and length of visits change little for weak strengths, and stronger ones lengthen visits "
            "towards the dashed true mean of the synthetic chain."
        ),
    )


def _thumbnail() -> Figure:
    return Figure(
        name="thumbnail",
        tables=("runs",),
        finding="Synthetic spikes tell which state a network is in.",
        caption="States of one held-out sequence: truth, plain model, one-hot prior.",
        alt=(
            "Three bars of coloured states over a thousand bins: the truth, the plain model and the one "
            "with the one-hot prior. The two models follow the truth in most bins, with short errors where "
            "states change."
        ),
        width="thumbnail",
    )
