"""``neurosci bids``: from a lab's BIDS folder to what an analysis starts from, and to reports."""

from __future__ import annotations

import argparse
import functools
import shlex
from pathlib import Path

from neurosci.cli import DONE, FAILED, UsageError, complain, say

ANALYSES = ("fc_ssl", "graph_motif", "du_in")
_OF_THE_GROUP = ("participant_label", "phenotype", "group_column", "n_permutations")
_NOT_SAID = ("bids_dir", "output_dir", "level", "analysis", "n_jobs")


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
        help="participant: each person; group: the same for whoever is not done, then all together",
    )
    parser.add_argument("--analysis", required=True, choices=ANALYSES, help="what the data are for")
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
    states = parser.add_argument_group("fc_ssl")
    states.add_argument(
        "--phenotype", metavar="NAME", help="column of participants.tsv to predict, for level group"
    )
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
    shafts = parser.add_argument_group("du_in")
    shafts.add_argument(
        "--line-freq", type=float, metavar="HZ", help="mains; default: what the files say, or 50"
    )
    shafts.add_argument(
        "--reference",
        choices=("bipolar", "laplacian", "average", "none"),
        default="bipolar",
        help="default: bipolar",
    )
    shafts.add_argument(
        "--window", type=float, default=1.0, metavar="S", help="length of a window; default: 1"
    )
    shafts.add_argument(
        "--n-epochs", type=int, default=0, metavar="N", help="of a small tokenizer; default: 0, none"
    )


def call(options: argparse.Namespace) -> int:
    """Process all runs, and write the pages.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code: 0 if at least one run can be used, 1 if none can.
    """
    from neurosci.cli._bids_labs import LABS

    try:
        done = LABS[options.analysis](options, functools.partial(command_words, options))
    except (ValueError, FileNotFoundError, ImportError) as error:
        raise UsageError(str(error)) from error
    say(", ".join(f"{done.counts.get(status, 0)} {status}" for status in ("included", "excluded", "failed")))
    if done.counts.get("failed", 0):
        complain("some runs failed: their reasons are in quality.tsv; the same command tries them again")
    if done.page is not None:
        say(str(done.page))
    if done.problem:
        complain(f"of the group: {done.problem}")
        return FAILED
    return DONE if done.counts.get("included", 0) else FAILED


def command_words(options: argparse.Namespace, person: str = "") -> str:
    """Write the command without the folders of this machine, with what differs from the defaults.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.
    person : str, default=""
        Whose page it is for; empty for that of all people.

    Returns
    -------
    str
        One line for a page.
    """
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    defaults = vars(parser.parse_args(["a", "b", "group", "--analysis", options.analysis]))
    level = "participant" if person else "group"
    words = ["neurosci", "bids", "BIDS_DIR", "OUTPUT_DIR", level, "--analysis", options.analysis]
    if person:
        words += ["--participant-label", person]
    for name, default in defaults.items():
        value = getattr(options, name)
        if name in _NOT_SAID or value == default or (person and name in _OF_THE_GROUP):
            continue
        values = value if isinstance(value, list) else [value]
        words += [f"--{name.replace('_', '-')}", *(Path(str(one)).name for one in values)]
    return shlex.join(words)
