"""The registry and where a result says it comes from."""

from __future__ import annotations

import types

import pytest

from neurosci._core import registry
from neurosci._core.params import Params
from neurosci._core.provenance import code_hash, python_command, run_key, shell_command, versions


def test_unknown_analyses_suggest_the_nearest() -> None:
    with pytest.raises(registry.UnknownAnalysisError, match="did you mean 'critical_band'"):
        registry.find("critcal_band")


def test_an_incomplete_module_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.ANALYSES, "half", registry.Entry("half", "half"))
    monkeypatch.setattr(
        registry.importlib, "import_module", lambda _: types.SimpleNamespace(PARAMS=Params, run=len)
    )
    with pytest.raises(TypeError, match="lacks PRESETS, CLAIMS, FIGURES"):
        registry.load("half")


def test_commands_repeat_what_differs_from_the_preset() -> None:
    preset = Params()
    assert shell_command("x", Params(seed=3), preset) == "neurosci run x --preset quick --seed 3"
    assert python_command("x", Params(), preset).endswith('neurosci.run("x", preset="quick", seed=0)')


def test_keys_follow_parameters_and_code(monkeypatch: pytest.MonkeyPatch) -> None:
    key = run_key("a", "neurosci.a", Params())
    assert key == run_key("a", "neurosci.a", Params())
    assert key != run_key("a", "neurosci.a", Params(seed=1))
    assert key != run_key("b", "neurosci.a", Params())
    assert code_hash("neurosci") != code_hash("joblib")
    assert set(versions()) >= {"neurosci", "Python", "numpy", "torch"}
