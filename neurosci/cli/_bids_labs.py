"""What ``neurosci bids`` does for each analysis: people first, then all together, then the pages."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurosci._core.files import write_text
from neurosci._version import __version__
from neurosci.cli import UsageError, complain, say

if TYPE_CHECKING:
    import pandas as pd

    from neurosci.preprocessing._bids_pages import LabPage


Command = Callable[..., str]
"""Writes the command that makes the page of a person, or without one that of all people."""


@dataclass(frozen=True)
class Done:
    """What a call has made.

    Parameters
    ----------
    counts : mapping of str to int
        Runs of each status.
    page : Path or None
        The page about all people; None after the level participant.
    problem : str, default=""
        What of the group could not be done though it was asked for.
    """

    counts: Mapping[str, int]
    page: Path | None
    problem: str = ""


def write_pages(
    output: Path,
    quality: pd.DataFrame,
    make: Callable[[str], LabPage],
    facts: Sequence[str],
    n_jobs: int | None,
) -> list[str]:
    """Write the page of each person, side by side; return who has one, and tell what stopped the others.

    A page that was drawn from the same rows, files and `facts` is kept.
    """
    from joblib import Parallel, delayed

    names = list(dict.fromkeys(quality["participant_id"]))
    stamps = [_stamp(output, quality, name, facts) for name in names]
    found = Parallel(n_jobs=n_jobs)(
        delayed(_write_one)(output, name, make, stamp) for name, stamp in zip(names, stamps, strict=True)
    )
    written = []
    for name, problem in zip(names, found, strict=True):
        if problem:
            complain(f"no page of sub-{name}: {problem}")
        else:
            written.append(name)
    return written


def write_page(output: Path, page: LabPage, ending: str = "") -> Path:
    """Write one page, and after it a line that no reader sees."""
    from neurosci.reporting._lab import render_lab_page

    path = output / f"{page.name}.html"
    write_text(path, render_lab_page(page) + ending)
    return path


def _stamp(output: Path, quality: pd.DataFrame, name: str, facts: Sequence[str]) -> str:
    """Return the last line of the page of a person: a hash of what it is drawn from."""
    # what else the rows say is in the records; numbers change their form where another person has none
    rows = quality.loc[quality["participant_id"] == name, ["session", "task", "run", "status", "reason"]]
    files = [
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted((output / f"sub-{name}").rglob("*.json"))
    ]
    text = repr((__version__, rows.to_csv(index=False), files, *facts))
    return f"<!-- made from {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()} -->\n"


def _write_one(output: Path, name: str, make: Callable[[str], LabPage], stamp: str) -> str:
    from threadpoolctl import threadpool_limits

    try:
        page = output / f"sub-{name}.html"
        if page.is_file() and page.read_bytes().endswith(stamp.encode()):
            return ""
        with threadpool_limits(limits=1):
            write_page(output, make(name), stamp)
    except Exception as error:  # the page of one person stops no other
        return f"{type(error).__name__}: {error}"
    return ""


def every_run(options: argparse.Namespace) -> dict[str, Any]:
    """Return what all analyses of images do with a run."""
    return {
        "task": options.task,
        "space": options.space,
        "confounds": () if options.confounds == ["none"] else tuple(options.confounds),
        "low_pass": options.low_pass,
        "high_pass": options.high_pass,
        "smoothing_fwhm": options.smoothing_fwhm,
        "t_r": options.t_r,
        "max_mean_fd": options.max_mean_fd,
    }


def absent(people: pd.DataFrame, quality: pd.DataFrame, wanted: Sequence[str]) -> list[str]:
    """Return who is in the table of people, was asked for, and has no run."""
    names = {name.removeprefix("sub-") for name in wanted}
    known = set(quality["participant_id"])
    return [one for one in people["participant_id"] if one not in known and (not names or one in names)]


def counted(quality: pd.DataFrame) -> dict[str, int]:
    """Return runs of each status."""
    return {str(name): int(n) for name, n in quality["status"].value_counts().items()}


def fc_ssl(options: argparse.Namespace, command: Command) -> Done:
    """Make region series, a store of them, and pages; for the group also connectivity and a prediction."""
    from neurosci.fc_ssl import _lab, _lab_group, _lab_pages
    from neurosci.preprocessing import _bids as bids

    if options.atlas is None:
        raise UsageError("fc_ssl needs a parcellation (name it with --atlas FILE)")
    settings = _lab.LabSettings(
        atlas=options.atlas, labels=options.labels, min_times=options.min_times, **every_run(options)
    )
    source, output, group = Path(options.bids_dir), Path(options.output_dir), options.level == "group"
    people = bids.read_people(source)
    phenotype = None
    if group and options.phenotype is not None:
        phenotype = _lab_group.phenotype_of(people, options.phenotype)
    who = options.participant_label
    outcome = _lab.process(
        source,
        output,
        settings,
        participants=who,
        n_jobs=options.n_jobs,
        report=say,
        collect=group or not who,
    )
    if outcome.store is not None:
        say(str(outcome.store.path))
    runs = bids.find_runs(_lab.WHERE, source, participants=who, task=settings.task, space=settings.space)
    make = partial(_lab_pages.person_page, source, output, runs, outcome.quality, settings, command)
    facts = (bids.dataset_name(source), repr(settings), command("-"))
    pages = write_pages(output, outcome.quality, make, facts, options.n_jobs)
    if not group:
        return Done(counted(outcome.quality), None)
    found = None
    if (outcome.quality["status"] == "included").any():
        regions = _lab.read_atlas(settings)[1]
        found = _lab_group.summarise(
            output, runs, outcome.quality, regions, people, phenotype, n_jobs=options.n_jobs
        )
    missing = absent(people, outcome.quality, who)
    page = _lab_pages.group_page(source, outcome.quality, settings, found, pages, missing, command())
    return Done(counted(outcome.quality), write_page(output, page), "" if found is None else found.problem)


def graph_motif(options: argparse.Namespace, command: Command) -> Done:
    """Make maps of motifs and pages; for the group also mean maps, and a comparison of two groups."""
    from neurosci.graph_motif import _lab, _lab_group, _lab_pages
    from neurosci.preprocessing import _bids as bids

    settings = _lab.LabSettings(
        mask=options.mask,
        threshold=options.threshold,
        density=options.density,
        motifs=tuple(options.motifs),
        min_times=max(3, options.min_times),
        **every_run(options),
    )
    source, output, group = Path(options.bids_dir), Path(options.output_dir), options.level == "group"
    who, column = options.participant_label, options.group_column if group else None
    if column is not None:
        _lab_group.check_column(source, column)
    quality = _lab.process(source, output, settings, participants=who, n_jobs=options.n_jobs, report=say)
    runs = bids.find_runs(_lab.WHERE, source, participants=who, task=settings.task, space=settings.space)
    make = partial(_lab_pages.person_page, source, output, runs, quality, settings, command)
    facts = (bids.dataset_name(source), repr(settings), command("-"))
    pages = write_pages(output, quality, make, facts, options.n_jobs)
    if not group:
        return Done(counted(quality), None)
    compared, problem = None, ""
    if column is not None:
        try:
            compared = _lab_group.compare_groups(
                source, output, settings, column=column, n_permutations=options.n_permutations, report=say
            )
            say(", ".join(f"{n} {label}" for label, n in compared.n_people.items()))
        except ValueError as error:  # the rest of the page is written all the same
            problem = str(error).removeprefix(f"{_lab.WHERE}: ")
    missing = absent(bids.read_people(source), quality, who)
    page = _lab_pages.group_page(
        source, output, quality, settings, command(), compared, problem, pages, missing
    )
    return Done(counted(quality), write_page(output, page), problem)


def du_in(options: argparse.Namespace, command: Command) -> Done:
    """Make windows and features of intracranial recordings, and pages."""
    from neurosci.du_in import _lab, _lab_pages
    from neurosci.preprocessing import _bids as bids
    from neurosci.preprocessing import _bids_ieeg as ieeg

    settings = _lab.LabSettings(
        task=options.task,
        l_freq=0.5 if options.high_pass is None else options.high_pass,
        h_freq=options.low_pass,
        line_freq=options.line_freq,
        reference=options.reference,
        window=options.window,
        n_epochs=options.n_epochs,
    )
    source, output, who = Path(options.bids_dir), Path(options.output_dir), options.participant_label
    quality = _lab.process(source, output, settings, participants=who, n_jobs=options.n_jobs, report=say)
    found = ieeg.find_recordings(_lab.WHERE, source, participants=who, task=settings.task)
    make = partial(_lab_pages.person_page, source, output, found, quality, settings, command)
    facts = (bids.dataset_name(source), repr(settings), command("-"))
    pages = write_pages(output, quality, make, facts, options.n_jobs)
    if options.level != "group":
        return Done(counted(quality), None)
    missing = absent(bids.read_people(source), quality, who)
    page = _lab_pages.group_page(source, output, found, quality, settings, command(), pages, missing)
    return Done(counted(quality), write_page(output, page))


LABS: dict[str, Callable[[argparse.Namespace, Command], Done]] = {
    "fc_ssl": fc_ssl,
    "graph_motif": graph_motif,
    "du_in": du_in,
}
"""Analyses, and what each does with the options and the words of the command."""
