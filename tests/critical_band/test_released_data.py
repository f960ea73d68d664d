"""Every printed digit of the paper's tables, from the counts that the authors released."""

import warnings

import numpy as np
import pytest

from neurosci.critical_band import (
    NETWORK_FAMILIES,
    ChannelEstimator,
    NotResolvedWarning,
    channel_table,
    human_mean_accuracy,
    network_family,
    published_trial_counts,
)

SPEC_VECTORS = {"resnet50": [0, 0, 2, 2, 3, 4, 2], "vit_large_patch16_224": [0, 0, 1, 2, 3, 3, 1]}
EXCLUDED = [
    "alexnet",
    "bagnet9",
    "bagnet17",
    "resnet50_l2_eps0_5",
    "resnet50_l2_eps1",
    "resnet50_l2_eps3",
    "resnet50_l2_eps5",
    "selecsls42",
    "selecsls84",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
]
NEGATIVE = [
    "dpn68b",
    "efficientnet_es",
    "efficientnet_l2_noisy_student_475",
    "hrnet_w48",
    "hrnet_w64",
    "simclr_resnet50x4",
]
# family, networks, usable, then medians over usable: octaves, cycles/image, ratio, shape score
FAMILY_TABLE = """
Torchvision supervised      | 24 | 21 | 4.64 | 39.4 | 1.00 | 0.14
L2-adversarial ResNet-50    | 10 | 6  | 4.77 | 32.4 | 1.00 | 0.15
HRNet                       | 8  | 8  | 4.51 | 33.4 | 0.91 | 0.17
DPN                         | 6  | 6  | 4.16 | 34.3 | 0.81 | 0.19
BiT-M                       | 5  | 5  | 4.17 | 26.4 | 0.48 | 0.29
SelecSLS                    | 5  | 3  | 4.51 | 32.6 | 0.75 | 0.13
CSP/Darknet                 | 4  | 4  | 3.49 | 40.9 | 0.76 | 0.17
BagNet                      | 3  | 1  | 8.99 | 30.2 | 1.00 | 0.04
EfficientNet                | 3  | 3  | 3.79 | 32.2 | 1.00 | 0.17
Stylized-ImageNet ResNet-50 | 3  | 3  | 3.99 | 33.8 | 0.71 | 0.22
SimCLR                      | 3  | 3  | 4.17 | 28.8 | 0.53 | 0.23
SWAG RegNetY                | 3  | 3  | 3.55 | 28.8 | 0.75 | 0.41
ViT                         | 3  | 3  | 3.51 | 34.4 | 0.53 | 0.32
SWSL                        | 2  | 2  | 3.77 | 34.1 | 0.77 | 0.26
CLIP-label ResNet-50        | 2  | 2  | 5.58 | 34.6 | 1.00 | 0.13
VOneResNet-50               | 1  | 1  | 4.49 | 27.7 | 1.00 | 0.11
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in FAMILY_TABLE.strip().splitlines()]


def by_hand(correct, trials):
    """Indices straight from the definition, in integers: correct/trials > 1/2 means 2 correct > trials."""
    above = 2 * correct > trials
    return [next((step for step in range(4) if above[4 - step, band]), 4) for band in range(7)]


# ---------------------------------------------------------------------------------------------------- people


def test_design_matches_the_release(human_counts, network_counts):
    for table in (human_counts, network_counts):
        for _, trials in table.values():
            np.testing.assert_array_equal(trials, published_trial_counts())


def test_mean_accuracy_is_the_average_of_the_observers(human_counts):
    mean = np.mean([correct / trials for correct, trials in human_counts.values()], axis=0)
    assert np.abs(mean - human_mean_accuracy()).max() < 1e-10


def test_every_observer(human_counts):
    """Printed: 1.43 +- 0.54 octaves, 39.13 +- 2.98 cycles/image, 0.80 +- 0.28; five different widths."""
    fits = [ChannelEstimator().fit(*counts) for counts in human_counts.values()]
    widths = np.array([fit.bandwidth_ for fit in fits])
    assert len(fits) == 14
    assert (f"{widths.mean():.2f}", f"{widths.std():.2f}") == ("1.43", "0.54")
    centers = np.array([fit.center_frequency_ for fit in fits])
    assert (f"{centers.mean():.2f}", f"{centers.std():.2f}") == ("39.13", "2.98")
    peaks = np.array([fit.peak_sensitivity_ for fit in fits])
    assert (f"{peaks.mean():.2f}", f"{peaks.std():.2f}") == ("0.80", "0.28")
    values, times = np.unique(widths.round(2), return_counts=True)
    assert dict(zip(values.tolist(), times.tolist(), strict=True)) == {
        1.0: 6,
        1.21: 3,
        1.56: 1,
        2.09: 3,
        2.63: 1,
    }


# -------------------------------------------------------------------------------------------------- networks


def test_all_threshold_vectors(network_counts):
    assert len(network_counts) == 85
    for name, (correct, trials) in network_counts.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotResolvedWarning)
            fitted = ChannelEstimator().fit(correct, trials)
        assert fitted.thresholds_.tolist() == by_hand(correct, trials), name
        if name in SPEC_VECTORS:
            assert fitted.thresholds_.tolist() == SPEC_VECTORS[name]


def test_table_agrees_with_the_estimator(network_counts, tidy_networks):
    shuffled = tidy_networks.sample(frac=1, random_state=3)
    table = channel_table(shuffled)
    for name, (correct, trials) in network_counts.items():
        row = table.loc[name]
        assert [row[f"index_{band}"] for band in range(7)] == by_hand(correct, trials)
        assert row["zero_noise_accuracy"] == pytest.approx(correct[0].sum() / 221)


def test_which_networks_are_usable(tidy_networks):
    table = channel_table(tidy_networks)
    usable = table["bandwidth"] < 12
    assert int(usable.sum()) == 74
    assert sorted(table.index[~usable]) == sorted(EXCLUDED)
    assert int(table["resolved"].sum()) == 77
    assert (
        table.loc[~table["resolved"], ["bandwidth", "center_frequency", "peak_sensitivity"]]
        .isna()
        .all(axis=None)
    )
    assert table["bandwidth"].max() < 24
    assert sorted(table.index[table["width"] < 0]) == sorted(NEGATIVE)
    assert int(table.loc[usable, "at_bound"].sum()) == 30


def test_distribution_of_widths(usable):
    widths = usable["bandwidth"].to_numpy()
    quartiles = np.quantile(widths, [0.25, 0.5, 0.75])
    assert [f"{value:.2f}" for value in (widths.min(), *quartiles, widths.max())] == [
        "2.29",
        "3.93",
        "4.19",
        "4.74",
        "9.95",
    ]
    # shares of networks between 2 and 4, and between 2 and 5 octaves
    assert f"{np.mean((widths >= 2) & (widths <= 4)):.0%}" == "35%"
    assert f"{np.mean((widths >= 2) & (widths <= 5)):.0%}" == "86%"


@pytest.mark.parametrize(
    ("radius", "printed"),
    [
        ("0", "4.81"),
        ("0_01", "4.74"),
        ("0_03", "4.22"),
        ("0_05", "4.22"),
        ("0_1", "5.21"),
        ("0_25", "6.43"),
        ("0_5", "13.0"),
    ],
)
def test_adversarial_series(tidy_networks, radius, printed):
    width = channel_table(tidy_networks).loc[f"resnet50_l2_eps{radius}", "bandwidth"]
    assert f"{width:.{len(printed.partition('.')[2])}f}" == printed


def test_broad_fits_that_stay_and_divergent_ones_that_go(tidy_networks):
    table = channel_table(tidy_networks)
    assert f"{table.loc['bagnet33', 'bandwidth']:.2f}" == "8.99"
    assert f"{table.loc['squeezenet1_0', 'bandwidth']:.2f}" == "9.95"
    never = table[(table.filter(like="index_") == 4).all(axis=1)]
    assert len(never) == 6
    assert never["bandwidth"].isna().all()


# -------------------------------------------------------------------------------------------------- families


def test_families_cover_the_release(network_counts):
    assert sorted(NETWORK_FAMILIES) == sorted(network_counts)
    assert len(set(NETWORK_FAMILIES.values())) == 16


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_family_table(usable, network_scores, row):
    family, n, n_usable, width, center, peak, shape = row
    assert list(NETWORK_FAMILIES.values()).count(family) == int(n)
    members = usable[[network_family(name) == family for name in usable.index]]
    assert len(members) == int(n_usable)
    assert f"{members['bandwidth'].median():.2f}" == width
    assert f"{members['center_frequency'].median():.1f}" == center
    assert f"{members['peak_sensitivity'].median():.2f}" == peak
    scores = [float(network_scores[name]["mean_shape_score"]) for name in members.index]
    # the median of HRNet is 0.165, which rounds up in the table
    assert np.median(scores) == pytest.approx(float(shape), abs=0.005 + 1e-9)


def test_unknown_network():
    with pytest.raises(KeyError, match="did you mean 'resnet50'"):
        network_family("resnet-50")


def test_families_cannot_be_changed():
    with pytest.raises(TypeError):
        NETWORK_FAMILIES["resnet50"] = "mine"
