"""What the documentation says is so."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys

import pytest

import neurosci
from tests.contract.surface import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.rst")])


@pytest.fixture(scope="module")
def result():
    names = ("trials", "observers", "families", "likelihood")
    few = {f"n_resamples_{name}": 100 for name in names}
    return neurosci.run("critical_band", preset="quick", seed=0, **few)


def test_readme_example_runs_and_is_short():
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "CB1" in done.stdout


def test_tables_that_pages_name_exist(result):
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r'result\.tables\["(\w+)"\]', text):
            assert name in result.tables, f"{page.name}: {name}"


def test_commands_that_pages_name_exist():
    from neurosci.cli import COMMANDS

    for page in PAGES:
        for line in re.findall(r"^ *neurosci (\w+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            assert line in COMMANDS, f"{page.name}: neurosci {line}"


def test_links_of_readme_exist():
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert target.startswith("https://") or (ROOT / target).is_file(), target


def test_channel_tutorial_says_what_it_shows():
    from matplotlib import pyplot as plt

    shown = runpy.run_path(str(ROOT / "docs/tutorials/plot_critical_band_channel.py"))
    plt.close("all")
    medians = dict(zip(shown["widths"].tolist(), shown["medians"], strict=True))
    # "Channels of 1.5 and of 2 octaves both read 1.00", to the digits that are printed there
    assert {f"{medians[width]:.2f}" for width in (1.5, 2.0)} == {"1.00"}
    # "The median rises with the truth, but in steps"
    assert sorted(medians.values()) == list(medians.values())
    assert len({round(value, 3) for value in medians.values()}) < len(medians)
    text = (ROOT / "docs/tutorials/plot_critical_band_channel.py").read_text(encoding="utf-8")
    assert text.count("ynthetic") >= 4


def test_voice():
    """Words of the voice rules that a plain account does without."""
    words = re.compile(
        r"\b(?:prove[sd]?|confirms?|confirmed|successful(?:ly)?|novel|state-of-the-art|powerful|interestingly|"
        r"seamless(?:ly)?|blazing|cutting-edge|simply|easily)\b",
        flags=re.IGNORECASE,
    )
    for page in [*PAGES, *(ROOT / "docs/tutorials").glob("*.py"), *(ROOT / "analyses").glob("*.py")]:
        found = words.search(page.read_text(encoding="utf-8"))
        assert not found, f"{page.relative_to(ROOT)}: {found.group()}"
        assert "!\n" not in page.read_text(encoding="utf-8")
