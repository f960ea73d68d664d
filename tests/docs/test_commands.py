"""Every command on every page is understood; those of the README and of the landing page run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import textwrap

import pytest

from neurosci import _run, cli
from neurosci._core import registry
from tests.contract.surface import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.rst")])
PAGES = [page for page in PAGES if not {"_build", "gallery", "generated"} & set(page.parts)]
FIRST = [ROOT / "README.md", ROOT / "docs/index.rst"]
# Words in capitals stand for a folder, a file or a name of the reader's.
STANDS_FOR = re.compile(r"\b(?:FOLDER|OUTPUT|FILE|NAME|DIR)\b")


def commands(page):
    """Command lines of a page: lines of its shell blocks, and commands named in its text."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        blocks = re.findall(r"```(?:shell|console)\n(.*?)```", text, flags=re.DOTALL)
        inline = re.findall(r"(?<!`)`((?:neurosci|make|pip) [^`]+)`(?!`)", text)
    else:
        blocks = re.findall(r"\.\. code-block:: (?:shell|console)\n\n((?:   .*\n|\n)+)", text)
        inline = re.findall(r"``((?:neurosci|make|pip) [^`]+)``", text)
    lines = "\n".join(textwrap.dedent(block) for block in blocks).replace("\\\n", " ").splitlines()
    lines = [*lines, *(re.sub(r"\s+", " ", command) for command in inline)]
    return [" ".join(words) for line in lines if (words := shlex.split(line, comments=True))]


def named(program, pages=PAGES):
    return [
        pytest.param(command, id=f"{page.name}: {command}")
        for page in pages
        for command in dict.fromkeys(commands(page))
        if command.split()[0] == program and "..." not in command
    ]


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """Libraries that analyses import draw from global generators when they are first loaded."""
    for name in registry.ANALYSES:
        _run.resolve_params(name, preset="quick", seed=0, settings={})
        registry.load(name)
    from nilearn import maskers  # noqa: F401


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", named("neurosci"))
def test_every_command_is_understood(command, elsewhere, capsys):
    """Arguments are parsed, and what can be asked without doing it is asked."""
    words = shlex.split(command)[1:]
    if words[0] not in cli.COMMANDS or len(words) == 1 or STANDS_FOR.search(command):
        assert words[0] in cli.COMMANDS or words[0].startswith("-") or STANDS_FOR.search(command)
        return
    cli.build_parser().parse_args(words)
    if words[0] == "run":
        assert cli.main([*words, "--dry-run", "--no-download"]) == 0


@pytest.mark.parametrize("command", named("neurosci", FIRST))
def test_first_commands_run(command, elsewhere, capsys):
    """A run is planned only: the example of the README is the same run, and has a test of its own."""
    words = shlex.split(command)[1:]
    if words[0] == "run":
        words += ["--no-download", "--dry-run"]
    assert cli.main(words) == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("command", named("make", FIRST))
def test_first_targets_are_those_that_ci_runs(command):
    """They install and take minutes: here they are only planned, and .ci/run runs them."""
    program = shutil.which("make")
    if program is None:
        pytest.skip("make is not installed")
    done = subprocess.run(
        [program, "--dry-run", *command.split()[1:]], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    whole = (ROOT / ".ci/run").read_text(encoding="utf-8")
    runs = {"make report": "neurosci run --all --preset quick --output reports", "make help": "make "}
    assert runs.get(command, command) in whole
    if command == "make report":
        assert runs[command] in done.stdout


@pytest.mark.parametrize("command", named("pip", FIRST))
def test_first_installations_are_those_that_ci_makes(command):
    assert command == "pip install ."
    assert '-m build --outdir "$work/dist" .' in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_example_of_the_landing_page_begins_that_of_the_readme():
    """The one of the README runs among the tests of the contract."""
    (shown,) = re.findall(
        r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)",
        (ROOT / "docs/index.rst").read_text(encoding="utf-8"),
    )
    (whole,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert whole.startswith(textwrap.dedent(shown).strip())
