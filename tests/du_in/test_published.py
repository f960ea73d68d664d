"""The paper's tables, and what they say that the paper does not."""

from __future__ import annotations

import numpy as np
import pytest

from neurosci.du_in import published_aggregates, published_paired_tests, published_table


def test_printed_means_follow_from_the_subjects():
    """Twelve numbers and their mean, each rounded to 0.01, agree within 0.01."""
    table = published_aggregates().set_index("method")
    assert len(table) == 16
    assert (table["n_subjects"] == 12).all()
    gap = (table["mean"] - table["mean_computed"]).abs()
    # The twelve numbers of this method add up to 549.59; its mean, 45.82, needs 549.78 to 549.90, and
    # rounding moves the sum by 0.06 at most. One of its printed numbers must be wrong.
    assert gap.pop("EEG-Conformer") == pytest.approx(0.021, abs=0.001)
    assert gap.max() <= 0.01


def test_printed_errors_are_population_sd_over_root_n():
    table = published_aggregates()
    assert (table["ste"] - table["ste_population"]).abs().max() < 0.01
    # the sample SD is larger by sqrt(12 / 11), and the paper does not print that
    np.testing.assert_allclose(table["se"] / table["ste_population"], np.sqrt(12 / 11))
    assert ((table["ste"] - table["se"]).abs() > 0.05).all()


@pytest.mark.parametrize(
    ("first", "second", "difference", "se", "n_better", "pvalue"),
    [
        ("Du-IN (mae)", "Du-IN", 6.42, 1.10, 12, 0.0005),
        ("Du-IN (vqvae)", "Du-IN", 1.95, 0.56, 11, 0.005),
        ("Du-IN (vqvae+vq)", "Du-IN", -12.12, 1.80, 0, 0.0005),
        ("Du-IN (mae)", "Du-IN (vqvae)", 4.47, 0.63, 12, 0.0005),
        ("Du-IN (mae)", "Du-IN (poms)", 3.52, 1.02, 9, 0.007),
    ],
)
def test_paired_differences(first, second, difference, se, n_better, pvalue):
    """Numbers computed by others from the same tables, as rounded there."""
    row = published_paired_tests([(first, second)]).iloc[0]
    assert row["difference"] == pytest.approx(difference, abs=0.006)
    assert row["se"] == pytest.approx(se, abs=0.006)
    assert row["n_better"] == n_better
    assert row["pvalue"] == pytest.approx(pvalue, abs=5e-4)
    assert row["ci_low"] < row["difference"] < row["ci_high"]


def test_wilcoxon_is_exact():
    """All signs equal: 2 of the 2^12 assignments of signs are as extreme."""
    rows = published_paired_tests().set_index(["first", "second"])
    assert rows.loc[("Du-IN (mae)", "Du-IN"), "pvalue"] == pytest.approx(2 / 2**12, rel=1e-12)
    assert (rows["pvalue_holm"] >= rows["pvalue"]).all()


def test_tables_have_their_sizes():
    assert len(published_table("subjects")) == 16 * 12
    channels = published_table("channels")
    assert channels.groupby("subject").size().tolist() == [10] * 12
    assert np.isfinite(channels[["x_mm", "y_mm", "z_mm"]].to_numpy()).all()
    words = published_table("words")
    assert len(words) == words["word"].nunique() == 61
    assert set(published_table("ablations")["table"]) == {1, 3, 13, 14, 15, 16}
    assert published_table("reconstruction")["mse"].tolist() == [0.2969, 0.5211, 0.9673]
    # both tables hold the accuracy of each subject, without pre-training
    accuracy = published_table("subjects").query("method == 'Du-IN'").set_index("subject")["accuracy"]
    np.testing.assert_allclose(channels.groupby("subject")["accuracy"].first(), accuracy)


def test_unknown_names():
    with pytest.raises(ValueError, match=r"published_table: name must be one of .*did you mean 'words'"):
        published_table("word")
    with pytest.raises(ValueError, match="published_paired_tests: pairs must be one of"):
        published_paired_tests([("Du-IN (mea)", "Du-IN")])
