"""Shape score and shape bias: definitions, exclusions, and the published people."""

from __future__ import annotations

import re
import zipfile

import numpy as np
import pandas as pd
import pytest

from neurosci.critical_band import shape_scores


def answers(rows):
    return pd.DataFrame(rows, columns=["shape", "texture", "response"])


def test_both_measures_by_hand():
    found = shape_scores(
        answers(
            [("cat", "car", "cat")] * 3
            + [("cat", "car", "car")] * 4
            + [("cat", "dog", "oven")] * 3
            + [("dog", "car", "car")]
            + [("dog", "cat", "dog")]
            + [("dog", "dog", "dog")] * 50  # one category in both respects: no conflict
        ),
        random_state=0,
    )
    assert found.n_images == 12 and found.n_excluded == 50
    assert found.shape_score.value == pytest.approx((3 / 10 + 1 / 2) / 2)
    assert found.texture_score.value == pytest.approx((4 / 10 + 1 / 2) / 2)
    assert found.shape_bias.value == pytest.approx(4 / 9)
    assert found.shape_bias.n == 9 and found.shape_score.n == 12
    assert found.by_category.loc["cat"].tolist() == pytest.approx([10, 3, 4, 0.3, 0.4, 3 / 7])
    for metric in (found.shape_score, found.texture_score, found.shape_bias):
        assert metric.low < metric.value < metric.high


def test_a_wrong_observer_has_a_low_score_but_not_a_low_bias():
    always = answers([("cat", "car", "cat")] * 5 + [("cat", "car", "oven")] * 95)
    found = shape_scores(always, random_state=0)
    assert found.shape_score.value == 0.05 and found.shape_bias.value == 1.0
    never = shape_scores(answers([("cat", "car", "oven"), ("dog", "car", None)]), random_state=0)
    assert never.shape_score.value == 0 and np.isnan(never.shape_bias.value) and never.shape_bias.n == 0
    assert never.by_category["shape_bias"].isna().all()


def test_intervals_hold_the_truth():
    rng = np.random.default_rng(0)
    truth, held = np.array([0.2, 0.5, 0.7]), 0
    for _ in range(200):
        right = [
            (f"c{k}", "x", f"c{k}" if hit else "x") for k, p in enumerate(truth) for hit in rng.random(75) < p
        ]
        score = shape_scores(answers(right), n_resamples=300, random_state=rng).shape_score
        held += score.low <= truth.mean() <= score.high
    # 95 % of 200 with a standard error of 1.5 %, of which three
    assert held > 0.905 * 200


def test_order_and_categories_of_pandas_do_not_matter():
    rng = np.random.default_rng(1)
    table = answers(rng.choice(["a", "b", "c"], (300, 3)))
    one = shape_scores(table, random_state=0)
    other = shape_scores(table.sample(frac=1, random_state=2).astype("category"), random_state=0)
    assert one.shape_score == other.shape_score and one.shape_bias == other.shape_bias
    pd.testing.assert_frame_equal(one.by_category, other.by_category)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (answers([("a", "b", "a")]).drop(columns="texture"), {}, r"missing: \['texture'\]"),
        (answers([("a", "a", "a")]), {}, "shape and texture differ, got none of 1"),
        (answers([]), {}, "got none of 0"),
        (answers([("a", None, "a")]), {}, "named for each image, got 1 without"),
        (answers([("a", "b", "a")]), {"level": 1.0}, "level must be in"),
        (answers([("a", "b", "a")]), {"n_resamples": 10}, "n_resamples must be >= 100"),
    ],
)
def test_impossible_input(table, options, message):
    with pytest.raises(ValueError, match=message):
        shape_scores(table, **options)


def test_people_have_the_published_bias(data_root):
    # Geirhos et al. (2019): 95.9 % of people's shape and texture answers are shape answers.
    with zipfile.ZipFile(data_root / "critical_band/human/geirhos_human_trials.zip") as archive:
        names = [name for name in archive.namelist() if "cue-conflict_subject" in name]
        table = pd.concat([pd.read_csv(archive.open(name)) for name in names], ignore_index=True)
    assert len(names) == 10
    table["shape"], table["response"] = table["category"], table["object_response"]
    table["texture"] = [re.search(r"-([a-z]+)\d+\.png$", name)[1] for name in table["imagename"]]
    found = shape_scores(table, random_state=0)
    assert round(100 * found.shape_bias.value, 1) == 95.9
    assert found.n_images == 12_000 and found.n_excluded == 800
