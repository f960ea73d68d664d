"""``neurosci bids``: from the results of a preprocessing pipeline to what an analysis starts from."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from neurosci.cli import DONE, FAILED, UsageError, complain, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command, in the order of BIDS apps.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument("bids_dir", metavar="BIDS_DIR", help="BIDS folder, or that of fMRIPrep's results")
    parser.add_argument("output_dir", metavar="OUTPUT_DIR", help="where to write; a BIDS derivative")
    parser.add_argument(
        "level",
        metavar="LEVEL",
        choices=("participant", "group"),
        help="participant, or group (graph_motif), which follows it",
    )
    parser.add_argument("--analysis", required=True, choices=tuple(LABS), help="what the data are for")
    parser.add_argument("--participant-label", nargs="+", default=[], metavar="ID", help="default: all")
    parser.add_argument("--atlas", metavar="FILE", help="parcellation (NIfTI); fc_ssl needs one")
    parser.add_argument("--labels", metavar="FILE", help="its names: a table with index and name")
    parser.add_argument("--task", metavar="NAME", help="default: all tasks")
    parser.add_argument("--space", metavar="NAME", help="default: MNI152NLin2009cAsym, or the only one")
    parser.add_argument(
        "--confounds",
        nargs="+",
        default=["motion24", "wm_csf", "cosine"],
        metavar="NAME",
        help="motion6, motion24, wm_csf, global, cosine, acompcor5, columns, or none; "
        "default: motion24 wm_csf cosine",
    )
    parser.add_argument("--low-pass", type=float, metavar="HZ")
    parser.add_argument("--high-pass", type=float, metavar="HZ")
    parser.add_argument("--smoothing-fwhm", type=float, metavar="MM")
    parser.add_argument("--t-r", type=float, metavar="S", help="default: what the files say")
    parser.add_argument("--max-mean-fd", type=float, metavar="MM", help="leave out runs that moved more")
    parser.add_argument("--min-times", type=int, default=2, metavar="N", help="leave out shorter runs")
    parser.add_argument("--n-jobs", type=int, metavar="N", help="processes; -1 takes all cores")
    motifs = parser.add_argument_group("graph_motif")
    motifs.add_argument("--mask", metavar="FILE", help="default: voxels in the brain masks of all runs")
    motifs.add_argument("--threshold", type=float, default=0.5, metavar="R", help="correlation of an edge")
    motifs.add_argument(
        "--density", type=float, metavar="SHARE", help="share of pairs that are edges instead"
    )
    motifs.add_argument(
        "--motifs", nargs="+", default=["degree", "triangles"], metavar="NAME", help="maps, as in motif_maps"
    )
    motifs.add_argument("--group-column", metavar="NAME", help="column of participants.tsv, for level group")
    motifs.add_argument(
        "--n-permutations", type=int, default=0, metavar="N", help="of the labels; default: 0"
    )


def call(options: argparse.Namespace) -> int:
    """Process all runs.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code: 0 if at least one run can be used, 1 if none can.
    """
    try:
        counts = LABS[options.analysis](options)
    except (ValueError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    if counts is None:
        return DONE
    say(", ".join(f"{counts.get(status, 0)} {status}" for status in ("included", "excluded", "failed")))
    if counts.get("failed", 0):
        complain("some runs failed: their reasons are in quality.tsv; the same command tries them again")
    return DONE if counts.get("included", 0) else FAILED


def _every_run(options: argparse.Namespace) -> dict[str, Any]:
    """Return what all analyses do with a run."""
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


def _region_series(options: argparse.Namespace) -> dict[str, int]:
    """Make region series of all runs and a store of them; return how many runs have which status."""
    from neurosci.fc_ssl import _lab

    if options.level == "group":
        raise UsageError("fc_ssl has no level group (its store goes into the analysis)")
    if options.atlas is None:
        raise UsageError("fc_ssl needs a parcellation (name it with --atlas FILE)")
    outcome = _lab.process(
        options.bids_dir,
        options.output_dir,
        _lab.LabSettings(
            atlas=options.atlas, labels=options.labels, min_times=options.min_times, **_every_run(options)
        ),
        participants=options.participant_label,
        n_jobs=options.n_jobs,
        report=say,
    )
    if outcome.store is not None:
        say(str(outcome.store.path))
    return dict(outcome.quality["status"].value_counts())


def _motif_maps(options: argparse.Namespace) -> dict[str, int] | None:
    """Make maps of all runs, or compare the groups of people that they are of."""
    from neurosci.graph_motif import _lab, _lab_group

    settings = _lab.LabSettings(
        mask=options.mask,
        threshold=options.threshold,
        density=options.density,
        motifs=tuple(options.motifs),
        min_times=max(3, options.min_times),
        **_every_run(options),
    )
    where = (options.bids_dir, options.output_dir, settings)
    if options.level == "group":
        if options.group_column is None:
            raise UsageError("level group needs a column of participants.tsv (--group-column NAME)")
        outcome = _lab_group.compare_groups(
            *where, column=options.group_column, n_permutations=options.n_permutations, report=say
        )
        say(", ".join(f"{n} {label}" for label, n in outcome.n_people.items()))
        say(str(outcome.files[-1]))
        return None
    quality = _lab.process(*where, participants=options.participant_label, n_jobs=options.n_jobs, report=say)
    return dict(quality["status"].value_counts())


LABS: dict[str, Callable[[argparse.Namespace], dict[str, int] | None]] = {
    "fc_ssl": _region_series,
    "graph_motif": _motif_maps,
}
"""Analyses, and what each does with the options; None after a comparison of groups."""
