"""The recipes of the page about clusters, run as they stand there: a loop stands in for the job array of "
"SLURM."""

from __future__ import annotations

import importlib.util
import os
import re
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.bids import constructed
from tests.cli.installed import contents, install

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how_to" / "run_on_a_cluster.rst").read_text(encoding="utf-8")

SBATCH = """
#!/bin/bash
for argument; do
  case $argument in --array=1-*) n=${argument#--array=1-};; *.sh) script=$argument;; esac
done
export SLURM_ARRAY_TASK_COUNT=$n SLURM_CPUS_PER_TASK=1
for ((i = 1; i <= n; i++)); do SLURM_ARRAY_TASK_ID=$i bash "$script" || echo "task $i failed"; done
"""
TWICE = """
import dataclasses
from dartboard import analysis as one
from dartboard.analysis import CLAIMS, FIGURES, PARAMS, PRESETS

def run(params, context):
    common = {"n_darts": 9, "delay": 0, "fail": False, "kill": False}
    boards = {f"again {i}": {"board": i + 1, **common} for i in range(5)}
    again = context.map(one.throw, boards, stage="again", seed=params.seed)
    notes = tuple(str(unit["hits"]) for unit in again.values())
    return dataclasses.replace(one.run(params, context), name="twice", notes=notes)
"""


def blocks(section):
    """Shell blocks of a section: of its script, with its name, and of what is typed."""
    text = PAGE.split(f"\n{section}\n---")[1]
    found = re.findall(r"\.\. code-block:: bash\n   :caption: (.+)\n\n((?:   .*\n|\n)+)", text)
    script, typed = found[:2]
    return script[0], textwrap.dedent(script[1]), textwrap.dedent(typed[1])


@pytest.fixture
def shell(tmp_path):
    """Run lines in bash, with ``sbatch`` a loop and ``neurosci`` that of this environment."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = f'#!/bin/bash\nexec "{sys.executable}" -m neurosci "$@"\n'
    for name, text in (("sbatch", SBATCH.lstrip()), ("neurosci", command)):
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(stat.S_IRWXU)
    site = tmp_path / "site"
    (site / "twice").mkdir(parents=True)
    env = install(site)
    (site / "twice" / "__init__.py").touch()
    (site / "twice" / "analysis.py").write_text(TWICE, encoding="utf-8")
    with (site / "dartboard-1.0.dist-info" / "entry_points.txt").open("a", encoding="utf-8") as file:
        file.write("twice = twice.analysis\n")
    env["PATH"] = f"{programs}:{os.environ['PATH']}"

    def call(lines):
        return subprocess.run(
            ["bash", "-c", lines], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=240
        )

    return call


@pytest.mark.slow
def test_a_job_array_of_shards_comes_to_the_same_bytes(shell, tmp_path):
    name, script, typed = blocks("An analysis without a server: a job array of shards")
    # an analysis of two stages, and two shards: all else is as on the page
    script = script.replace("hopfield --preset paper", "twice").replace("hopfield", "twice")
    (tmp_path / name).write_text(script, encoding="utf-8")
    done = shell(typed.replace("1-16", "1-2"))
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stdout
    assert done.stderr.count("units are missing") == 1, "a stage is a round"
    assert shell("neurosci run twice --output alone").returncode == 0
    assert contents(tmp_path / "merged", "twice") == contents(tmp_path / "alone", "twice")


@pytest.mark.slow
def test_a_job_array_over_people_leads_to_the_report(shell, tmp_path):
    name, script, typed = blocks("One folder of people: a job array over people")
    (tmp_path / name).write_text(script, encoding="utf-8")
    study = tmp_path / "study"
    study.mkdir()
    constructed.write_data_set(study, constructed.people_table(2))
    constructed.write_atlas(tmp_path)
    rng = np.random.default_rng(0)
    for i in range(2):
        constructed.write_person(
            study, f"{i + 1:02d}", rng.standard_normal((60, constructed.N_REGIONS)), seed=i
        )
    done = shell(typed)
    assert done.returncode == 0, done.stderr
    assert "2 included, 0 excluded, 0 failed" in done.stdout
    assert (tmp_path / "regions" / "index.html").is_file()
    quality = pd.read_csv(tmp_path / "regions" / "quality.tsv", sep="\t", dtype=str)
    assert quality["participant_id"].tolist() == ["01", "02"]


def test_the_job_of_dask_is_as_shown(tmp_path):
    if importlib.util.find_spec("dask_jobqueue") is None:
        pytest.skip("needs dask-jobqueue (the extra cluster)")
    text = PAGE.split("\nAn analysis: dask\n---")[1]
    code, shown = (
        textwrap.dedent(re.search(rf"code-block:: {kind}\n\n((?:   .*\n|\n)+)", part)[1])
        for kind, part in (("python", text.split("looked at first:")[1]), ("text", text))
    )
    # in a process of its own: dask changes how it takes signals, and writes settings to the home folder
    env = {**os.environ, "DASK_CONFIG": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("#SBATCH")] == shown.split("\n")[:6]
