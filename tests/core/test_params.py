"""Parameters: what is refused, and that every form reads back equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosci._core.params import Params, param, parse_assignment


@dataclass(frozen=True, kw_only=True)
class Example(Params):
    """Every kind of field."""

    rate: float = param(0.5, low=0, high=1, low_open=True, doc="Rate.", unit="Hz", source="Eq. 1")
    count: int = param(3, low=1, doc="Count.")
    levels: tuple[float, ...] = param((0.0, 0.1), low=0, doc="Levels.")
    limit: float | None = param(12.0, low=0, doc="Limit.")
    words: tuple[str, ...] = param(("a",), doc="Words.")
    mode: str = param("fast", options=("fast", "slow"), doc="Mode.")
    flag: bool = param(False, doc="Flag.")
    label: str = param("x", doc="Free text.")


examples = st.builds(
    Example,
    seed=st.integers(0, 2**53),
    rate=st.floats(1e-300, 1),
    count=st.integers(1, 10**9),
    levels=st.lists(st.floats(0, 1e300), max_size=5).map(tuple),
    limit=st.none() | st.floats(0, 1e9),
    words=st.lists(st.text(st.characters(blacklist_categories=("Cs",)), max_size=8), max_size=3).map(tuple),
    mode=st.sampled_from(["fast", "slow"]),
    flag=st.booleans(),
    label=st.text(st.characters(blacklist_categories=("Cs",)), max_size=30),
)


@given(examples)
def test_json_and_toml_read_back_equal(params: Example) -> None:
    assert Example.from_json(params.to_json()) == params
    assert Example.from_toml(params.to_toml()) == params
    assert Example.from_dict(params.to_dict()) == params
    assert Example.from_toml(params.to_toml()).hash == params.hash


@given(examples, examples)
def test_hash_tells_values_apart(a: Example, b: Example) -> None:
    assert (a.hash == b.hash) == (a == b)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"rate": 0.0}, ValueError, r"rate must be in \(0, 1\], got 0.0"),
        ({"rate": float("nan")}, ValueError, "rate must be in"),
        ({"levels": (0.1, -1.0)}, ValueError, "levels must be ≥ 0, got -1.0"),
        ({"count": 2.5}, TypeError, "count must be an integer, got 2.5"),
        ({"count": True}, TypeError, "count must be an integer"),
        ({"mode": "fats"}, ValueError, "did you mean 'fast'"),
        ({"flag": 1}, TypeError, "flag must be true or false"),
        ({"levels": "0.1"}, TypeError, "levels must be a list whose items are each a number"),
        ({"seed": -1}, ValueError, "seed must be ≥ 0"),
        ({"preset": "fast"}, ValueError, "preset must be one of 'quick', 'paper'"),
    ],
)
def test_bad_values_are_refused(changes: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Example(**changes)  # type: ignore[arg-type]


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown parameter 'rat' .did you mean 'rate'"):
        Example.from_dict({"rat": 0.3})
    with pytest.raises(ValueError, match="did you mean 'count'"):
        Example.from_toml("cuont = 3")
    with pytest.raises(ValueError, match="did you mean 'levels'"):
        parse_assignment(Example, "level=0.3")


@pytest.mark.parametrize("text", ["rate = ", "rate = 0.5\nrate = 0.6", "[rate", "\x00"])
def test_bad_toml_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the TOML cannot be read"):
        Example.from_toml(text)


@given(st.text())
def test_any_toml_text_gives_params_or_a_clear_error(text: str) -> None:
    try:
        Example.from_toml(text)
    except (ValueError, TypeError) as error:
        assert "Example" in str(error)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rate=0.25", 0.25),
        ("count = 7", 7),
        ("levels=0,0.02,0.04", (0.0, 0.02, 0.04)),
        ("levels=[1, 2]", (1.0, 2.0)),
        ("limit=none", None),
        ("limit=6", 6.0),
        ("flag=yes", True),
        ("label=a=b", "a=b"),
    ],
)
def test_command_line_values(text: str, value: object) -> None:
    assert parse_assignment(Example, text)[1] == value


@pytest.mark.parametrize("text", ["rate", "=3", "rate=fast", "count=2.5", "flag=maybe"])
def test_bad_command_line_values(text: str) -> None:
    with pytest.raises(ValueError, match="Example"):
        parse_assignment(Example, text)


def test_numpy_numbers_become_plain_ones() -> None:
    params = Example(rate=np.float32(0.5), count=np.int64(4), levels=np.array([0.0, 1.0]))  # type: ignore[arg-type]
    assert params == Example(rate=0.5, count=4, levels=(0.0, 1.0))
    assert type(params.count) is int


def test_table_names_unit_range_and_source() -> None:
    rows = {row["name"]: row for row in Example(count=9).table()}
    assert rows["rate"] == {
        "name": "rate", "value": "0.5", "unit": "Hz", "range": "(0, 1]", "source": "Eq. 1", "doc": "Rate.",
    }  # fmt: skip
    assert rows["count"]["source"] == "user"
    assert rows["limit"]["value"] == "12"
    assert Example(limit=None).table()[5]["value"] == "none"
