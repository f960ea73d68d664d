"""``neurosci bids``: from the results of a preprocessing pipeline to what an analysis starts from."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

from neurosci.cli import DONE, FAILED, UsageError, complain, say

LABS = {
    "fc_ssl": "neurosci.fc_ssl._lab",
    "graph_motif": "neurosci.graph_motif._lab",
}
"""Analyses, and the module of each with `LabSettings` and `process`, as `neurosci.fc_ssl._lab` has them."""


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
    lab = importlib.import_module(LABS[options.analysis])
    if options.analysis == "graph_motif":
        return _motif_maps(options, lab)
    if options.level == "group":
        raise UsageError(f"{options.analysis} has no level group (its store goes into the analysis)")
    if options.atlas is None:
        raise UsageError(f"{options.analysis} needs a parcellation (name it with --atlas FILE)")
    try:
        outcome = lab.process(
            options.bids_dir,
            options.output_dir,
            lab.LabSettings(
                atlas=options.atlas,
                labels=options.labels,
                task=options.task,
                space=options.space,
                confounds=() if options.confounds == ["none"] else tuple(options.confounds),
                low_pass=options.low_pass,
                high_pass=options.high_pass,
                smoothing_fwhm=options.smoothing_fwhm,
                t_r=options.t_r,
                max_mean_fd=options.max_mean_fd,
                min_times=options.min_times,
            ),
            participants=options.participant_label,
            n_jobs=options.n_jobs,
            report=say,
        )
    except (ValueError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    counts = outcome.quality["status"].value_counts()
    say(", ".join(f"{counts.get(status, 0)} {status}" for status in ("included", "excluded", "failed")))
    if counts.get("failed", 0):
        complain(
            "some runs failed: their reasons are in the table of quality; the same command tries them again"
        )
    if outcome.store is None:
        return FAILED
    say(str(outcome.store.path))
    return DONE


def _motif_maps(options: argparse.Namespace, lab: Any) -> int:
    """Make maps of all runs, or compare the groups of people that they are of."""
    settings = lab.LabSettings(
        mask=options.mask,
        threshold=options.threshold,
        density=options.density,
        motifs=tuple(options.motifs),
        task=options.task,
        space=options.space,
        confounds=() if options.confounds == ["none"] else tuple(options.confounds),
        low_pass=options.low_pass,
        high_pass=options.high_pass,
        smoothing_fwhm=options.smoothing_fwhm,
        t_r=options.t_r,
        max_mean_fd=options.max_mean_fd,
        min_times=max(3, options.min_times),
    )
    where = (options.bids_dir, options.output_dir, settings)
    try:
        if options.level == "group":
            if options.group_column is None:
                raise UsageError("level group needs a column of participants.tsv (--group-column NAME)")
            group = importlib.import_module("neurosci.graph_motif._lab_group")
            outcome = group.compare_groups(
                *where, column=options.group_column, n_permutations=options.n_permutations, report=say
            )
            say(", ".join(f"{n} {label}" for label, n in outcome.n_people.items()))
            say(str(outcome.files[-1]))
            return DONE
        quality = lab.process(
            *where, participants=options.participant_label, n_jobs=options.n_jobs, report=say
        )
    except (ValueError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    counts = quality["status"].value_counts()
    say(", ".join(f"{counts.get(status, 0)} {status}" for status in ("included", "excluded", "failed")))
    if counts.get("failed", 0):
        complain("some runs failed: their reasons are in quality.tsv; the same command tries them again")
    return DONE if counts.get("included", 0) else FAILED
