"""result.json, run.json, params.toml and tables written by others: clear errors, and nothing executed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurosci import _run
from neurosci._core.claims import Verdict
from neurosci._core.folder import ForeignFolderError
from neurosci._core.metric import Metric
from neurosci._core.params import Params, param, parse_assignment
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
from neurosci.reporting import Report
from tests.security.conftest import run


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToyParams(Params):
    """One field of each type."""

    width: float = param(1.0, low=0, doc="Width.")
    n_bands: int = param(3, low=1, doc="Bands.")
    bands: tuple[int, ...] = param((1, 2), doc="Bands.")
    label: str = param("x", doc="Label.")
    limit: float | None = param(None, doc="Limit.")
    flag: bool = param(False, doc="Flag.")


def toy_result():
    return Result(
        name="toy",
        title="Title",
        question="Question?",
        answer=("Answer.",),
        units="3 people",
        params=ToyParams(),
        sources=(Source("s", "content", "real", "none", files=(("a.csv", "0" * 64),)),),
        tables={
            "t": pd.DataFrame({"a": [1.5, 2.0, float("nan")], "b": ["=1+1", "@x", 'ü,\n"q"'], "c": [1, 2, 3]})
        },
        table_notes={"t": "a note"},
        metrics={"m": Metric(1.0, 0.5, float("inf"), n=3)},
        verdicts=(Verdict("A1", "t", "s", "p", "reproduced", "o", "3", "w", metric=Metric(1.0)),),
        figures=(Figure("f", ("t",), "Finding.", "Caption.", "Alt."),),
        methods=(Method("h", ("p",)),),
        references=(Reference("r", "https://x.org"),),
    )


@pytest.fixture
def folder(tmp_path):
    toy_result().save(tmp_path)
    return tmp_path


def damaged(folder, reason=""):
    with pytest.raises(DataFormatError, match=reason) as caught:
        load_result(folder, ToyParams)
    # A message that fits on a screen, and that never carries the content of the file.
    assert len(str(caught.value)) < 500
    return str(caught.value)


def write(folder, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "result.json").write_text(text, encoding="utf-8")


def content(folder):
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def places(node, path=()):
    """Every place of a JSON document."""
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from places(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, (*path, index))


def with_value(document, path, value):
    changed = json.loads(json.dumps(document))
    node = changed
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return changed


VALUES = [None, 7, -1, 2.5, True, "x", "../../x", [], [1], [[[]]], {}, {"a": 1}, 10**30, "\0", "<script>"]


def test_whole_result(folder):
    assert load_result(folder, ToyParams) == toy_result()


def test_any_wrong_value_is_refused_or_harmless(folder):
    """Each place of a result.json replaced by values of every type: right types, or one error."""
    document = content(folder)
    for path in list(places(document))[1:]:
        if path[0] == "provenance":
            continue
        for value in VALUES:
            write(folder, with_value(document, path, value))
            try:
                result = load_result(folder, ToyParams)
            except DataFormatError as error:
                assert len(str(error)) < 500, path
            else:
                assert isinstance(result.title, str), (path, value)
                assert all(isinstance(text, str) for text in (*result.answer, *result.notes)), (path, value)
                for figure in result.figures:
                    assert isinstance(figure.caption, str), (path, value)
                result.to_json()


def test_any_missing_or_added_key_is_refused_or_harmless(folder):
    document = content(folder)
    for path in list(places(document))[1:]:
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        if not isinstance(parent, dict) or path[0] == "provenance":
            continue
        changed = with_value(document, path, None)
        node = changed
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]
        write(folder, changed)
        try:
            load_result(folder, ToyParams)
        except DataFormatError as error:
            assert len(str(error)) < 500
    for path, key in ((("figures", 0), "__class__"), (("metrics", "m"), "evil"), (("verdicts", 0), "judge")):
        node = changed = json.loads(json.dumps(document))
        for step in path:
            node = node[step]
        node[key] = "x"
        write(folder, changed)
        damaged(folder, "result.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"format": ' + "9" * 5000 + "}",
        "null",
        "[]",
        "7",
        '"x"',
        "\0",
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_other_documents(folder, text):
    write(folder, text)
    damaged(folder, "result.json")


def test_other_bytes(folder):
    for raw in (b"\xff\xfe{\0}\0", b"\x80\x04\x95", b"PK\x03\x04", b"<html>"):
        (folder / "result.json").write_bytes(raw)
        damaged(folder, "result.json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1", "0", "1.5", "1e400", '"1"', "true", "9" * 400])
def test_format_numbers(folder, number):
    text = (folder / "result.json").read_text(encoding="utf-8")
    write(folder, text.replace('"format": 1', f'"format": {number}'))
    damaged(folder, "result.json")


@pytest.mark.parametrize(
    "name",
    [
        "../t",
        "a/b",
        "..",
        ".",
        ".t",
        "",
        "C:\\t",
        "t\0",
        "a\nb",
        "x" * 300,
        "/etc/passwd",
        "t.csv",
        "t%2e",
        "ｔ",
    ],
    ids=ascii,
)
def test_table_names_that_are_no_names(folder, name):
    """A name becomes a path: letters, digits, - and _ only, and a file outside is never opened."""
    outside = folder.parent / "t.csv"
    outside.write_text(table_to_csv(toy_result().tables["t"]))
    document = content(folder)
    document["tables"][name] = document["tables"].pop("t")
    write(folder, document)
    assert "is not a table name" in damaged(folder, "result.json")


@pytest.mark.parametrize(
    "dtype",
    ["O", "category", "datetime64[ns]", "complex128", "V10", "zzz", "", "int64, int64", "S5"],
)
def test_types_of_columns(folder, dtype):
    document = content(folder)
    document["tables"]["t"]["dtypes"]["a"] = dtype
    write(folder, document)
    damaged(folder, "result.json")


def resigned(folder, text):
    """A table with other content whose hash was written anew."""
    (folder / "tables" / "t.csv").write_text(text, encoding="utf-8")
    document = content(folder)
    document["tables"]["t"]["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    write(folder, document)


@pytest.mark.parametrize(
    "text", ["", "a,b,c\n1,2\n1,2,3,4\n", "x\n1\n", "a,b,c\nword,x,1\n", "a,b,c\n1,x,1e400\n", '"', "\0" * 50]
)
def test_tables_that_do_not_fit(folder, text):
    resigned(folder, text)
    damaged(folder, "t.csv|result.json")


def test_changed_table(folder):
    path = folder / "tables" / "t.csv"
    path.write_text(path.read_text() + "9,9,9\n")
    damaged(folder, "tables/t.csv was changed after the run")


def test_table_that_is_a_link(folder):
    """A table is read where it is, and a link to a file elsewhere has another hash."""
    path = folder / "tables" / "t.csv"
    path.unlink()
    path.symlink_to("/etc/hostname")
    damaged(folder, "tables/t.csv")


# --------------------------------------------------------------------------------------------------- reports


def test_figures_that_are_not_in_the_analysis(folder):
    """A figure is drawn by a function of the analysis' own table; a name that is not in it draws nothing."""
    for name in ("os.system", "__import__", "f"):
        document = content(folder)
        document["figures"][0]["name"] = name
        write(folder, document)
        result = load_result(folder, ToyParams)
        with pytest.raises(ValueError, match="figure"):
            Report(result, figures={"g": print})
    for name in ("../f", "f/../../x", "", "a\0"):
        document["figures"][0]["name"] = name
        write(folder, document)
        with pytest.raises(ValueError, match=r"the name of a figure|result\.json"):
            Report(load_result(folder, ToyParams), figures={name: print})


def test_name_of_the_analysis_is_no_path(folder):
    document = content(folder)
    document["name"] = "../../evil"
    write(folder, document)
    with pytest.raises(ValueError, match=r"result\.name|result\.json"):
        Report(load_result(folder, ToyParams), figures={"f": print})


# ---------------------------------------------------------------------------------------------------- params


@pytest.mark.parametrize(
    "text",
    [
        "seed = " + "9" * 5000,
        "width = " + "9" * 400,
        "width = 1e400",
        "width = nan",
        "n_bands = 1e3",
        "n_bands = true",
        "bands = " + "[" * 5000,
        "bands = " + "[" * 300 + "]" * 300,
        "bands = [[1]]",
        "bands = [" + "9" * 5000 + "]",
        "label = 7",
        'label = ["a"]',
        "limit = " + "9" * 400,
        "flag = 1",
        "x.y = 1",
        "[seed]\na = 1",
        "seed = 1979-05-27",
        '"../x" = 1',
        "__class__ = 1",
        "a" * 100_000 + " = 1",
        "seed = 1\nseed = 2",
        "seed = 1\0",
        "\ud7ff = 1",
    ],
    ids=lambda text: ascii(text)[:24],
)
def test_parameter_files(text):
    begun = time.monotonic()
    with pytest.raises((ValueError, TypeError), match="ToyParams: ") as caught:
        ToyParams.from_toml(text)
    assert len(str(caught.value)) < 1000
    assert time.monotonic() - begun < 5


def test_large_integers_are_integers():
    params = ToyParams.from_toml("seed = " + "9" * 400 + "\nbands = [" + "9" * 400 + "]")
    assert ToyParams.from_json(params.to_json()) == params
    assert ToyParams.from_toml(params.to_toml()) == params


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "7",
        "[" * 100_000,
        '{"seed": ' + "9" * 5000 + "}",
        '{"width": ' + "9" * 400 + "}",
        '{"x": 1}',
        "{",
    ],
    ids=lambda text: text[:12],
)
def test_parameters_as_json(text):
    with pytest.raises((ValueError, TypeError), match="ToyParams: "):
        ToyParams.from_json(text)


@pytest.mark.parametrize(
    "text", ["width=" + "9" * 400, "seed=" + "9" * 5000, "limit=1e400", "bands=1,x", "label", "=1"]
)
def test_settings_of_the_command(text):
    with pytest.raises((ValueError, TypeError), match="ToyParams: "):
        name, value = parse_assignment(ToyParams, text)
        ToyParams().replace(**{name: value})


def test_text_is_text():
    for text in ('__import__("os").mkdir("x")', "{0.__class__}", "%(x)s", "${HOME}", "$x_1$"):
        assert ToyParams(label=text).label == text
        assert ToyParams.from_toml(ToyParams(label=text).to_toml()).label == text


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    ),
    st.sampled_from(["seed", "width", "n_bands", "bands", "label", "limit", "flag", "preset", "x"]),
)
def test_any_value_of_any_parameter(value, name):
    try:
        params = ToyParams.from_dict({name: value})
    except (ValueError, TypeError) as error:
        assert str(error).startswith("ToyParams: ")
    else:
        assert ToyParams.from_json(params.to_json()) == params


# ------------------------------------------------------------------------------------------------------ runs


MANIFESTS = {
    "list": "[]",
    "deep": "[" * 100_000,
    "long integer": '{"name": "dartboard", "format": ' + "9" * 5000 + "}",
    "no hash": {"hash": None},
    "seconds as text": {"seconds": "soon", "status": "running"},
    "seconds without end": {"seconds": 1e400, "status": "running"},
    "parameters as a list": {"params": [1], "hash": "0" * 12},
    "hash as a list": {"hash": ["0"]},
    "status as a list": {"status": ["complete"]},
    "failed without a reason": {"status": "failed"},
    "failed with markup": {"status": "failed", "error": "<script>alert(1)</script>", "step": "run"},
    "failed with a number": {"status": "failed", "error": 7, "step": {}},
    "units as text": {"status": "running", "units_planned": "x", "units_done": None},
    "other name": {"name": "../../evil"},
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_manifests_of_others(output, case):
    """The same run again, and the dashboard: the numbers of a clean run, or one clear refusal."""
    path = output / "dartboard" / "run.json"
    tables = (output / "dartboard" / "tables" / "boards.csv").read_bytes()
    changes = MANIFESTS[case]
    if isinstance(changes, str):
        path.write_text(changes)
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    _run.write_dashboard(output)
    page = (output / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    try:
        run(output)
    except ForeignFolderError as error:
        assert "choose another --output" in str(error)
        run(output.parent / "another")
    else:
        assert (output / "dartboard" / "tables" / "boards.csv").read_bytes() == tables
    assert not (output.parent / "evil").exists()


def test_dashboard_with_a_damaged_result(output):
    """One damaged run must not keep the others from their dashboard."""
    (output / "dartboard" / "result.json").write_text('{"format": 1}')
    _run.write_dashboard(output)
    assert "result.json" in (output / "index.html").read_text(encoding="utf-8")
    with pytest.raises(DataFormatError, match=r"result\.json in dartboard is damaged"):
        _run.report(output)
    run(output)
    _run.report(output)


# ---------------------------------------------------------------------------------------------- spreadsheets

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://x","y")',
    "=cmd|' /C calc'!A0",
    "'=1",
]


def test_raw_tables_keep_their_text(tmp_path):
    """The raw CSV is data for programs: cells that a spreadsheet would take for formulas stay as they are."""
    table = pd.DataFrame({"text": FORMULAS, "=name": range(len(FORMULAS))})
    text = table_to_csv(table)
    assert table_from_csv(text, {"text": "str", "=name": "int64"})["text"].tolist() == FORMULAS
    result = dataclasses.replace(toy_result(), tables={"t": table})
    result.save(tmp_path)
    assert load_result(tmp_path, ToyParams).tables["t"]["text"].tolist() == FORMULAS
