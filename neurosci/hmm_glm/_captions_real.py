"""Figures of the recordings with captions whose findings are computed."""

from __future__ import annotations

from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number
from neurosci._core.result import Figure

from ._compute import REAL_STATES, Findings

Metrics = dict[str, Metric]
PERCENT = f"{NBSP}%"


def real_figures(found: Findings, metrics: Metrics) -> tuple[Figure, ...]:
    """Return the figures that the recordings at hand allow."""
    tables = found.tables
    listed = []
    if "onsets" in tables:
        listed.append(_onset(found, metrics))
    if "table2" in tables:
        listed.append(_real_likelihood(metrics))
    if "onsets" in tables:
        listed += [_real_connectivity(found), _trials(found), _by_number(found)]
    if "choice" in tables:
        listed.append(_choice(found))
    if "sleep_scores" in tables:
        listed += [_sleep(metrics), _outcome(metrics)]
    if "place" in tables:
        listed.append(_trajectory(found))
    if "receptor" in tables:
        listed.append(_receptor(metrics))
    return tuple(listed)


def _n(value: float, decimals: int | None = None) -> str:
    return format_number(value, decimals)


def _onset(found: Findings, metrics: Metrics) -> Figure:
    p, table = found.params, found.tables["onsets"]
    own = table[table["model"] == "OHG"]
    shown = own.iloc[0]
    others = "; ".join(
        f"{row.dataset.rsplit('_1_ol_', 1)[-1]}: {row.onset_s:.2f} [{row.onset_low_s:.2f}, "
        f"{row.onset_high_s:.2f}]"
        for row in own.iloc[1:].itertuples()
    )
    return Figure(
        name="onset",
        tables=("onset_runs", "onset_average", "onset_entries"),
        finding=(
            f"A {REAL_STATES}-state fit to {p.n_train_trials} odour trials finds the onset in held-out ones "
            f"at {metrics['onset OHG'].text} without being told."
        ),
        caption=(
            f"Locust antennal lobe, OHG. **a**, likeliest state of each bin in n = {int(shown['trials'])} "
            "held-out trials; lines: the window from 0.1 s before to 0.4 s after firing changes. **b**, "
            "black: firing of all units, mean over trials and 0.1 s; vermilion: mean probability of the "
            "state that was named on the trials for fitting. **c**, steepest rise of that probability in "
            f"single trials: {int(shown['trials_inside'])} lie in the window (grey), "
            f"{100 * shown['share']:.0f}{PERCENT} [{100 * shown['share_low']:.0f}, "
            f"{100 * shown['share_high']:.0f}]; chance {100 * shown['chance']:.0f}{PERCENT}; a profile of "
            f"all states finds {int(shown['trials_inside_profile'])}. Other "
            f"conditions (s): {others or 'none'}."
        ),
        alt=(
            "Left: coloured states of held-out odour trials; a change of colour lines up at three seconds "
            "in most trials, where average firing jumps and the probability of the odour state rises. "
            "Right: histogram of onsets found in single trials with a peak in the grey window."
        ),
    )


def _real_likelihood(metrics: Metrics) -> Figure:
    names = [name.removeprefix("ohg_margin ") for name in metrics if name.startswith("ohg_margin ")]
    best = [name for name in names if (metrics[f"ohg_margin {name}"].low or 0) > 0]
    n = "; ".join(f"{name} {metrics[f'ohg_margin {name}'].n}" for name in names)
    return Figure(
        name="real_likelihood",
        tables=("table2",),
        finding=(
            f"OHG predicts held-out spikes best on {len(best)} of {len(names)} recordings ({REAL_STATES} "
            "states, interval of the paired difference above zero)."
        ),
        caption=(
            "Table 2’s protocol and Fig. 5B on the recordings at hand; PFC-6 spikes are not available here. "
            "Gain over constant rates in bits per spike, by number of states. Grey squares: GLM; green: HG; "
            f"blue: GHG; vermilion: OHG; others named. Bars: 95{PERCENT} bootstrap intervals over held-out "
            f"sequences, n = {n}. They are wide because sequences differ; differences between models are "
            "paired (see the claims)."
        ),
        alt=(
            "Panels of bits per spike against number of states, one for each recording. Lines rise from two "
            "states on; the models with history lie close together, and the one without states or the one "
            "without history is lowest, depending on the recording."
        ),
    )


def _real_connectivity(found: Findings) -> Figure:
    table = found.tables["real_matrices"]
    own = table[table["model"] == "OHG"]
    signs = own[own["kind"] == "adjacency"]["value"]
    weights = own[own["kind"] == "weight"]["value"].abs()
    share, strong = 100 * float((signs != 0).mean()), 100 * float((weights > 0.1 * weights.max()).mean())
    n = int(own["target"].max()) + 1
    return Figure(
        name="real_connectivity",
        tables=("real_matrices",),
        finding=(
            f"In odour trials OHG gives a sign to {share:.0f}{PERCENT} of {n * n} possible functional "
            f"connections, but only {strong:.0f}{PERCENT} have a weight above a tenth of the largest."
        ),
        caption=(
            f"Layout of Fig. 3 on the locust recording, n = {n} units; most frequent of {REAL_STATES} "
            "states; the truth is not known. Target by row, source by column. Top: weights (HMM Corr: "
            "correlations, scaled to OHG’s largest). Middle: signs, red excitatory, blue inhibitory; models "
            "without signs of their own by Eq. 8. Bottom: shared signs. No error bars: single estimates. "
            "Functional, not synaptic: common input enters."
        ),
        alt=(
            "Three rows of matrices, one column for each model. Weights of OHG are sparse, those of the "
            "others noisy; signs of OHG and of the models that need Eq. 8 differ strongly, so that signs "
            "here depend on the model."
        ),
    )


def _trials(found: Findings) -> Figure:
    table = found.tables["trial_runs"]
    visits = (table["stop"] - table["start"]).groupby(table["row"]).mean() * float(table["bin_s"].iloc[0])
    words = ", ".join(
        f"{_n(float(visits[name]), 1)} s with {name}" for name in ("HMM Corr", "HG", "GHG", "OHG")
    )
    return Figure(
        name="trials",
        tables=("trial_runs",),
        finding=f"In single held-out odour trials states last on average {words}.",
        caption=(
            f"Layout of Figs. 4 and 8 on the locust recording: likeliest of {REAL_STATES} states in the "
            "first held-out trials, one bar for each model; state 1 is the most frequent in the data for "
            "fitting, so that colours need not mean the same between models. Bins of "
            f"{1000 * found.params.bin_width:g} ms. n = 6 trials; no error bars: single paths. The "
            "trajectory of Fig. 4 stands below, on a maze."
        ),
        alt=(
            "Six panels, one for each held-out trial, with a coloured bar of states over ten seconds for "
            "each model. States last a fraction of a second to a few seconds; in many bars one colour "
            "begins near three seconds, when the odour response does."
        ),
    )


def _by_number(found: Findings) -> Figure:
    table = found.tables["number_runs"]
    visits = (table["stop"] - table["start"]).groupby(table["row"], sort=False).mean()
    seconds = visits * float(table["bin_s"].iloc[0])
    return Figure(
        name="by_number",
        tables=("number_runs",),
        finding=(
            f"In odour trials visits of OHG last {_n(float(seconds.iloc[0]), 1)} s with {seconds.index[0]} "
            f"and {_n(float(seconds.iloc[-1]), 1)} s with {seconds.index[-1]}."
        ),
        caption=(
            "Layout of Fig. 11 on the locust recording: likeliest states of OHG in three held-out trials, "
            "for several numbers of states; state 1 is the most frequent in the data for fitting. n = 3 "
            f"trials; no error bars: single paths. Bins of {1000 * found.params.bin_width:g} ms, fits to "
            f"the same {found.params.n_train_trials} trials, with the same starts for every number of "
            "states."
        ),
        alt=(
            "Three panels of coloured bars over ten seconds, one bar for each number of states. With more "
            "states further colours appear, some for short visits only, so that the larger numbers split "
            "what the smaller ones show as one."
        ),
    )


def _choice(found: Findings) -> Figure:
    table = found.tables["choice"]
    ours, bic = table[table["chosen_one_se"]].iloc[0], table[table["chosen_bic"]].iloc[0]
    most = table["n_states"].max()
    words = [
        f"{_n(float(row['n_states']))}{' (the most tried)' if row['n_states'] == most else ''}"
        for row in (ours, bic)
    ]
    return Figure(
        name="choice",
        tables=("choice",),
        finding=(
            f"For odour trials the rule of one standard error on held-out blocks chooses {words[0]} states, "
            f"BIC {words[1]}; paths of two searches with as many states agree by "
            f"{_n(float(ours['stability']), 2)}."
        ),
        caption=(
            f"OHG on the {found.params.n_train_trials} trials for fitting of the first condition. **a**, "
            "held-out log-likelihood relative to the best number of states, mean of "
            f"n = {int(table['n_blocks'].iloc[0])} contiguous blocks with the standard error of the paired "
            "difference; filled: the smallest number within one standard error of the best. **b**, BIC with "
            "all parameters counted, effective ones under the prior; filled: lowest. **c**, diamonds: "
            "adjusted Rand index between the paths of two independent searches, times 100 (below 80, "
            "dotted, states depend on the start); grey squares: share of the rarest state. One state is "
            "stable by definition."
        ),
        alt=(
            "Three panels against the number of states: held-out likelihood behind the best with its error "
            "bars, the criterion that counts all parameters, and the agreement of searches beside the "
            "share of the rarest state. The chosen numbers are filled."
        ),
    )


def _sleep(metrics: Metrics) -> Figure:
    ours, rate = metrics["sleep OHG"], metrics["sleep rate thresholds"]
    return Figure(
        name="sleep",
        tables=("occupancy", "sleep_scores", "sleep_dwell"),
        finding=(
            f"States found in single bins tell wake, slow-wave and REM sleep apart in {ours.text} of bins "
            f"(chance 33{PERCENT}; cuts of the population rate: {rate.text})."
        ),
        caption=(
            f"Thalamic head-direction neurons, {REAL_STATES} states, held-out sequences. **a**, share of "
            "bins in each state of OHG by wake and sleep. **b**, balanced accuracy, states named on the "
            "data for fitting; rate thresholds: population rate over 1 s cut at its thirds. Bars: "
            f"95{PERCENT} bootstrap intervals over n = {ours.n} sequences; dotted: chance. **c**, visits "
            "that last at least so long: green HG, blue GHG, vermilion OHG. No model saw a label; states "
            "follow bursts of the population more than sleep."
        ),
        alt=(
            "Left: a three by three table of state shares in wake, slow-wave and REM sleep. Middle: "
            "accuracies of several methods with intervals, near the dotted chance line. Right: falling "
            "curves of visit lengths; most visits last less than a second."
        ),
    )


def _outcome(metrics: Metrics) -> Figure:
    ours, counts = metrics["read_out OHG"], metrics["read_out spike counts"]
    return Figure(
        name="outcome",
        tables=("coefficients", "read_out"),
        finding=(
            f"A read-out of OHG’s state sequences names wake or sleep in {ours.text} of sequences, one of "
            f"mean spike counts in {counts.text}."
        ),
        caption=(
            "Layout of Fig. 9 (the paper reads the outcome of a trial from PFC-6, which is not available "
            "here). Ridge logistic regression from the share of each state in 15 parts of a sequence to "
            "wake, slow-wave or REM sleep. **a** to **c**, coefficients for wake by state and time; red "
            f"speaks for wake. **d**, right answers on n = {ours.n} held-out sequences with 95{PERCENT} "
            "Wilson intervals; dotted: the most frequent label. Spike counts: the same read-out from the "
            "root of each neuron’s mean count."
        ),
        alt=(
            "Three heat maps of read-out coefficients, one row for each state over the length of a "
            "sequence. Right: right answers of the read-outs from HG, GHG, OHG and from spike counts, with "
            "intervals, beside the dotted share of the most frequent label."
        ),
    )


def _trajectory(found: Findings) -> Figure:
    table = found.tables["place"]
    share = 100 * table.groupby("state").size() / len(table)
    words = ", ".join(f"{value:.0f}{PERCENT}" for value in share)
    return Figure(
        name="trajectory",
        tables=("place",),
        finding=f"On a W maze the states of hippocampal neurons take {words} of the held-out time.",
        caption=(
            "Layout of Fig. 4, right. Position of a rat in the last third of each epoch (grey: all; colour: "
            f"one state of OHG, {REAL_STATES} states, in each panel), ten times a second, n = "
            f"{len(table):,} positions. The box in which the animal rests is the densest spot. No error "
            "bars: positions as recorded. Colours: states by their share of the data for fitting."
        ),
        alt=(
            f"{share.size} maps of the same maze, each with the positions of one state in colour over all "
            "positions in grey, so that a state that belongs to the rest box or to the arms would show."
        ),
    )


def _receptor(metrics: Metrics) -> Figure:
    one, two = metrics["receptor_bits GLM"], metrics["receptor_bits HG"]
    return Figure(
        name="receptor",
        tables=("receptor",),
        finding=(
            f"A receptor’s own history tells {_n(one.value, 2)} bits about each held-out spike, with two "
            f"states {_n(two.value, 2)}."
        ),
        caption=(
            "Firing after a spike in the held-out recording of a grasshopper’s auditory receptor (black) "
            "and in 20 simulations of the GLM fitted to the other recording (blue): six raised-cosine "
            f"kernels over 40 ms, bins of 1 ms. n = {_n(one.n or 0)} held-out spikes of one neuron; no "
            "error bars: one recording. The sound was not given to the model."
        ),
        alt=(
            "Two curves of firing rate against time after a spike. Both are zero for the first three "
            "milliseconds, the refractory period, rise to a peak and settle at the mean rate; the simulated "
            "curve follows the recorded one."
        ),
        width="single",
    )
