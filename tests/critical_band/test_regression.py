import numpy as np
import pandas as pd
import pytest

from neurosci.critical_band import channel_regression, network_family, specification_curve

PROPERTIES = ["bandwidth", "center_frequency", "peak_sensitivity"]
ADVERSARIAL = [f"resnet50_l2_eps{radius}" for radius in ("0", "0_01", "0_03", "0_05", "0_1", "0_25")]


@pytest.fixture
def example():
    rng = np.random.default_rng(5)
    channels = pd.DataFrame(
        rng.uniform(1, 9, size=(23, 3)), columns=PROPERTIES, index=[f"net{i}" for i in range(23)]
    )
    score = pd.Series(np.log2(channels) @ [0.3, -0.2, 0.1] + rng.normal(0, 0.1, 23), index=channels.index)
    return channels, score


def left_out(design, target, blocks):
    """Oracle: errors of left-out blocks from the hat matrix of one fit, (I - H_bb)^-1 e_b."""
    hat = design @ np.linalg.inv(design.T @ design) @ design.T
    residual = target - hat @ target
    errors = np.empty(len(target))
    for block in blocks:
        errors[block] = np.linalg.solve(np.eye(len(block)) - hat[np.ix_(block, block)], residual[block])
    return 1 - np.sum(errors**2) / np.sum((target - target.mean()) ** 2)


@pytest.mark.parametrize("log", [True, False])
def test_against_plain_least_squares(example, log):
    channels, score = example
    groups = np.repeat(list("abcd"), [7, 6, 5, 5])
    model = channel_regression(channels, score, log=log, groups=groups)
    values = np.log2(channels.to_numpy()) if log else channels.to_numpy()
    design = np.column_stack([np.ones(23), values])
    beta, residual = np.linalg.lstsq(design, score.to_numpy(), rcond=None)[:2]
    total = np.sum((score - score.mean()) ** 2)
    assert list(model.coefficients) == ["const", *PROPERTIES]
    assert list(model.coefficients.values()) == pytest.approx(beta.tolist())
    assert model.r_squared == pytest.approx(1 - residual[0] / total)
    assert model.adjusted_r_squared == pytest.approx(1 - residual[0] / total * 22 / 19)
    assert model.f_statistic == pytest.approx((total - residual[0]) / 3 / (residual[0] / 19))
    assert model.leave_one_out_r_squared == pytest.approx(
        left_out(design, score.to_numpy(), np.arange(23)[:, None])
    )
    blocks = [np.flatnonzero(groups == g) for g in "abcd"]
    assert model.leave_one_group_out_r_squared == pytest.approx(left_out(design, score.to_numpy(), blocks))
    np.testing.assert_allclose(model.predicted, design @ beta)
    assert model.predicted.index.equals(channels.index)


def test_order_of_networks_does_not_matter(example):
    channels, score = example
    model = channel_regression(channels, score)
    turned = channel_regression(channels.iloc[::-1], score.sample(frac=1, random_state=0))
    assert turned.r_squared == pytest.approx(model.r_squared, rel=1e-12)


def test_inputs_are_not_changed(example):
    channels, score = example
    before = channels.copy(), score.copy()
    channel_regression(channels, score)
    pd.testing.assert_frame_equal(channels, before[0])
    pd.testing.assert_series_equal(score, before[1])


def test_without_groups(example):
    assert np.isnan(channel_regression(*example).leave_one_group_out_r_squared)


@pytest.mark.parametrize("jitter", [0.0, 1e-9])
def test_constant_predictor_is_dropped(example, jitter):
    """A peak at its bound differs between networks by rounding of the optimiser only."""
    channels, score = example
    channels = channels.assign(peak_sensitivity=1 + jitter * np.arange(23) / 23)
    with pytest.warns(UserWarning, match="constant predictors are dropped: peak_sensitivity"):
        model = channel_regression(channels, score)
    assert model.dropped == ("peak_sensitivity",)
    assert model.n_predictors == 2
    assert model.r_squared == pytest.approx(channel_regression(channels[PROPERTIES[:2]], score).r_squared)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, s: (c.iloc[:4], s), "at least 5 networks for 3 predictors, got 4"),
        (lambda c, s: (c.iloc[:0], s), "at least 3 networks"),
        (lambda c, s: (c[[]], s), "at least one column"),
        (lambda c, s: (c, s.iloc[1:]), r"score must hold each network of channels, got none for \['net0'\]"),
        (lambda c, s: (c, s.where(s.index != "net3")), r"no number for \['net3'\]"),
        (lambda c, s: (c.drop(index="net3").reindex(c.index), s), "no number for bandwidth of 'net3'"),
        (lambda c, s: (c - 20, s), "must be > 0 with log=True"),
        (lambda c, s: (c, s * 0), "score must vary"),
        (lambda c, s: (pd.concat([c, c]), s), "each network once"),
    ],
)
def test_bad_input(example, change, message):
    with pytest.raises(ValueError, match=message):
        channel_regression(*change(*example))


@pytest.mark.parametrize(
    ("groups", "message"), [(["a"] * 3, "groups must have shape"), (["a"] * 23, "at least 2")]
)
def test_bad_groups(example, groups, message):
    with pytest.raises(ValueError, match=message):
        channel_regression(*example, groups=groups)


def test_only_constants(example):
    channels, score = example
    with pytest.warns(UserWarning, match="constant"), pytest.raises(ValueError, match="constants only"):
        channel_regression(channels[["bandwidth"]] * 0 + 3, score)


# ----------------------------------------------------------------------------------------- the released data


def column(network_scores, name):
    return pd.Series({network: float(row[name]) for network, row in network_scores.items() if row[name]})


def test_shape_score(usable, network_scores):
    """Printed: 51 %, coefficients 1.102, -0.164, -0.114, -0.074, adjusted 0.492, leave-one-out 0.43."""
    groups = [network_family(name) for name in usable.index]
    model = channel_regression(usable[PROPERTIES], column(network_scores, "mean_shape_score"), groups=groups)
    assert model.n_observations == 74
    assert model.r_squared == pytest.approx(0.5131, abs=5e-4)
    assert [f"{value:.3f}" for value in model.coefficients.values()] == [
        "1.102",
        "-0.164",
        "-0.114",
        "-0.074",
    ]
    assert f"{model.adjusted_r_squared:.3f}" == "0.492"
    assert f"{model.leave_one_out_r_squared:.2f}" == "0.43"
    assert f"{model.leave_one_group_out_r_squared:.2f}" == "0.36"


def test_correlations_with_shape_score(usable, network_scores):
    score = column(network_scores, "mean_shape_score").loc[usable.index]
    found = np.log2(usable[PROPERTIES]).corrwith(score)
    assert [f"{value:.2f}" for value in found] == ["-0.61", "-0.39", "-0.47"]


@pytest.mark.parametrize(
    ("name", "share", "p", "left_out_share"),
    [
        ("whitebox_top1_l2_eps0.05", "0.6625", "0.20", "0.11"),
        ("whitebox_top1_l2_eps0.0157", "0.52", None, None),
        ("whitebox_top1_l2_eps0.1", "0.87", "0.045", None),
    ],
)
def test_robustness(usable, network_scores, name, share, p, left_out_share):
    with pytest.warns(UserWarning, match="peak_sensitivity"):
        model = channel_regression(usable.loc[ADVERSARIAL, PROPERTIES], column(network_scores, name))
    assert model.n_observations == 6
    assert f"{model.r_squared:.{len(share) - 2}f}" == share
    if p:
        assert f"{model.p_value:.{len(p) - 2}f}" == p
    if left_out_share:
        assert f"{model.leave_one_out_r_squared:.2f}" == left_out_share


def test_specification_curve(tidy_networks, network_scores):
    """Printed: 0.10 to 0.55 over all choices, 0.16 to 0.55 at 50 %, 0.16 to 0.18 there without a limit."""
    curve = specification_curve(tidy_networks, column(network_scores, "mean_shape_score"))
    assert len(curve) == 243
    assert (f"{curve.r_squared.min():.2f}", f"{curve.r_squared.max():.2f}") == ("0.10", "0.55")
    half = curve[curve["criterion"] == 0.5]
    assert (f"{half.r_squared.min():.2f}", f"{half.r_squared.max():.2f}") == ("0.16", "0.55")
    none = half[np.isinf(half["bandwidth_limit"])]
    assert (f"{none.r_squared.min():.2f}", f"{none.r_squared.max():.2f}") == ("0.16", "0.18")
    assert set(none["n_networks"]) == {85}
    assert curve["r_squared"].is_monotonic_increasing
    chosen = half.query("bandwidth_limit == 12 and scale == 'log2' and peak_form == 'log2'")
    assert len(chosen) == 1
    assert chosen["r_squared"].item() == pytest.approx(0.5131, abs=5e-4)


def test_specification_curve_refuses_what_it_cannot_fit(tidy_networks, network_scores):
    score = column(network_scores, "mean_shape_score")
    with pytest.raises(ValueError, match="score must hold each network"):
        specification_curve(tidy_networks, score.iloc[3:])
    with pytest.raises(ValueError, match="must leave at least 5 networks"):
        specification_curve(tidy_networks, score, bandwidth_limits=[1])
