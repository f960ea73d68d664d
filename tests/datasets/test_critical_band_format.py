"""The parser of answers against any input, and against answers that it must count."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosci.datasets._critical_band_format import (
    CONDITIONS,
    parse_accuracies,
    parse_responses,
    parse_shape_scores,
)

PARSERS = (parse_responses, parse_accuracies, parse_shape_scores)
ANSWERS = st.lists(st.integers(0, 1), min_size=1, max_size=9)
COMPLETE = st.fixed_dictionaries(dict.fromkeys(CONDITIONS, ANSWERS))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
WRONG = VALUES.filter(
    lambda value: (
        not (isinstance(value, list) and value and all(type(v) is int and v in (0, 1) for v in value))
    )
)


@given(COMPLETE, st.randoms(use_true_random=False))
def test_answers_are_counted_in_any_order_of_keys(entries, generator):
    keys = list(entries)
    generator.shuffle(keys)
    counts = parse_responses(json.dumps({key: entries[key] for key in keys}).encode())
    assert counts == {CONDITIONS[key]: (len(answers), answers.count(1)) for key, answers in entries.items()}


@given(COMPLETE, st.sampled_from(sorted(CONDITIONS)), WRONG)
def test_a_wrong_condition_is_named(entries, key, value):
    with pytest.raises(ValueError, match=f"{key}: |not valid JSON"):
        parse_responses(json.dumps({**entries, key: value}).encode())


@given(COMPLETE, st.sets(st.sampled_from(sorted(CONDITIONS)), min_size=1))
def test_all_missing_conditions_are_named(entries, missing):
    with pytest.raises(ValueError, match="missing condition") as caught:
        parse_responses(
            json.dumps({key: entries[key] for key in entries if key not in missing} or {"x": 1}).encode()
        )
    assert {key for key in CONDITIONS if f"{key}: missing" in str(caught.value)} == missing


@settings(max_examples=200)
@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_other_bytes_are_a_clear_error(content):
    for parse in PARSERS:
        try:
            parsed = parse(content)
        except ValueError as error:
            assert str(error)
        else:
            # Only accuracies can be this short.
            assert parse is parse_accuracies
            assert all(0 <= value <= 1 for value in parsed.values())


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True), st.floats(0, 1), min_size=1))
def test_accuracies_survive_a_round_trip(accuracies):
    assert parse_accuracies(json.dumps(accuracies).encode()) == accuracies
