"""Results read back equal, and refuse what was damaged."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosci._core.claims import Claim
from neurosci._core.metric import Metric
from neurosci._core.params import Params
from neurosci._core.result import (
    DataFormatError,
    Figure,
    Method,
    Reference,
    Result,
    Source,
    load_result,
    table_from_csv,
    table_to_csv,
)

CLAIM = Claim(id="T1", text="One.", source="Abstract", kind="digits", paper="1.00", printed=("1.00",))


def example() -> Result:
    rng = np.random.default_rng(0)
    metric = Metric(1.0, -math.inf, math.inf, n=5, unit="octaves", n_unit="people", method="bootstrap")
    table = pd.DataFrame(
        {
            "name": ["a", "", 'quote " and, comma', "NA", "línea\nnueva"],
            "value": [*rng.normal(size=3), np.nan, -0.0],
            "tiny": rng.normal(size=5).astype(np.float32),
            "count": np.arange(5),
            "flag": [True, False, True, False, True],
        }
    )
    return Result(
        name="example",
        title="Title",
        question="Why?",
        answer=("Because.",),
        units="5 people",
        params=Params(seed=4),
        sources=(Source("s", "c", "published", "none", files=(("a.json", "00"),)),),
        tables={"main": table},
        table_notes={"main": "all of it"},
        metrics={"m": metric, "n": Metric(float("nan"))},
        verdicts=(CLAIM.judge(metric, why="So."), CLAIM.not_run("Later."), CLAIM.not_testable("Closed.")),
        figures=(Figure("f", ("main",), "Finding.", "Caption.", "Alt."),),
        methods=(Method("h", ("p", "q")),),
        deviations=("d",),
        notes=("n",),
        warnings=("w",),
        references=(Reference("r", "https://example.org"),),
        provenance={"version": "0"},
    )


def test_a_saved_result_reads_back_equal(tmp_path: Path) -> None:
    result = example()
    result.save(tmp_path)
    loaded = load_result(tmp_path, Params)
    assert loaded == result
    assert loaded.metrics["m"].low == -math.inf
    first = (tmp_path / "result.json").read_bytes()
    loaded.save(tmp_path)
    assert (tmp_path / "result.json").read_bytes() == first
    assert loaded != dataclasses.replace(result, question="How?")


def test_tables_keep_every_bit() -> None:
    table = example().tables["main"]
    back = table_from_csv(table_to_csv(table), {c: str(d) for c, d in table.dtypes.items()})
    pd.testing.assert_frame_equal(back, table, check_exact=True)
    assert np.signbit(back["value"].iloc[4])


def test_json_has_no_number_that_json_lacks(tmp_path: Path) -> None:
    example().save(tmp_path)

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} in result.json")

    json.loads((tmp_path / "result.json").read_text(), parse_constant=refuse)


def test_damage_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="not complete"):
        load_result(tmp_path, Params)
    example().save(tmp_path)
    table = tmp_path / "tables" / "main.csv"
    original = table.read_text()
    table.write_text(original.replace("quote", "qvote"))
    with pytest.raises(DataFormatError, match=r"main\.csv was changed"):
        load_result(tmp_path, Params)
    table.unlink()
    with pytest.raises(DataFormatError, match=r"main\.csv is missing"):
        load_result(tmp_path, Params)
    table.write_text(original)
    path = tmp_path / "result.json"
    content = path.read_text()
    for broken in (
        content[:200],
        content.replace('"question"', '"qestion"'),
        "[]",
        content.replace('"value"', '"vlue"'),
    ):
        path.write_text(broken)
        with pytest.raises(DataFormatError, match=r"result\.json"):
            load_result(tmp_path, Params)
    path.write_text(content.replace('"format": 1', '"format": 99'))
    with pytest.raises(DataFormatError, match="newer version"):
        load_result(tmp_path, Params)
    path.write_text(content.replace('"main": {', '"../main": {'))
    with pytest.raises(DataFormatError, match="not a table name"):
        load_result(tmp_path, Params)


def test_kinds_and_summary() -> None:
    result = example()
    assert result.kinds == ("published",)
    assert not result.synthetic
    assert result.summary().startswith("example: 1 reproduced")
    made_up = dataclasses.replace(result, sources=(*result.sources, Source("g", "c", "synthetic", "none")))
    assert made_up.synthetic
    assert made_up.kinds == ("published", "synthetic")
