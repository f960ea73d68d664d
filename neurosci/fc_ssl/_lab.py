"""From the results of fMRIPrep to a store of region series and their quality; a bad run stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.files import atomic_write, sha256
from neurosci.preprocessing import _bids as bids
from neurosci.preprocessing import _bids_runs as each

if TYPE_CHECKING:
    import pandas as pd

    from ._store import TimeSeriesStore

WHERE = "neurosci bids"
STORE, QUALITY = "timeseries_store", each.QUALITY
LARGE_STEP = 0.2
"""Displacement, in mm, above which a volume counts as moved."""

COLUMNS = {
    "participant_id": "Person, without sub-.",
    "session": "Session, without ses-.",
    "task": "Task.",
    "run": "Run.",
    "site": "Site, from participants.tsv.",
    "status": "included, excluded (by a limit), or failed (an error).",
    "reason": "Why it is not included.",
    "n_times": "Volumes.",
    "t_r": "Time between volumes, in seconds.",
    "duration": "Length of the run, in seconds.",
    "n_constant": "Regions that never change or have no voxel; their series are zero.",
    "constant_regions": "Their names.",
    "coverage_mean": "Share of the voxels of a region that vary, mean over regions.",
    "coverage_min": "The same, smallest.",
    "mean_fd": "Mean framewise displacement, in mm.",
    "max_fd": "Largest framewise displacement, in mm.",
    "percent_fd": f"Volumes whose displacement is above {LARGE_STEP} mm, in percent.",
    "n_confounds": "Regressors taken out.",
    "atlas_resampled": "Whether the atlas was brought to the grid of the run.",
}


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """What is done with every run.

    Parameters
    ----------
    atlas : path-like
        Parcellation in the space of the runs: whole numbers, 0 for the background. Another grid is resampled
        to that of each run, by the nearest voxel.
    labels : path-like, default=None
        Table with the columns index and name (tabs), as BIDS has it; None numbers the regions.
    task, space : str, default=None
        Which runs; None takes all tasks, and MNI152NLin2009cAsym or the only space.
    confounds : sequence of str
        Sets of `CONFOUND_SETS`, or names of columns.
    low_pass, high_pass : float, default=None
        Cut-offs, in Hz.
    smoothing_fwhm : float, default=None
        Width of a Gaussian filter, in mm.
    t_r : float, default=None
        Time between volumes, in seconds; None takes that of the files.
    max_mean_fd : float, default=None
        Largest mean displacement, in mm, of a run that is included.
    max_constant : float, default=0.2
        Largest share of constant regions of a run that is included.
    min_times : int, default=2
        Fewest volumes of a run that is included.
    """

    atlas: str
    labels: str | None = None
    task: str | None = None
    space: str | None = None
    confounds: tuple[str, ...] = ("motion24", "wm_csf", "cosine")
    low_pass: float | None = None
    high_pass: float | None = None
    smoothing_fwhm: float | None = None
    t_r: float | None = None
    max_mean_fd: float | None = None
    max_constant: float = 0.2
    min_times: int = 2


@dataclass(frozen=True)
class LabOutcome:
    """What became of the runs.

    Parameters
    ----------
    quality : DataFrame
        One row per run, as in `COLUMNS`.
    store : TimeSeriesStore or None
        Series of the runs that are included; None where there is none.
    """

    quality: pd.DataFrame
    store: TimeSeriesStore | None


def process(
    bids_dir: str | Path,
    output_dir: str | Path,
    settings: LabSettings,
    *,
    participants: Sequence[str] = (),
    n_jobs: int | None = None,
    report: Callable[[str], None] | None = None,
    collect: bool = True,
) -> LabOutcome:
    """Turn all runs of a BIDS folder into region series, a table of quality and a store.

    Finished runs are kept: the same call goes on from there, and does again only what failed, what is new and
    what was made with other settings or from other files.

    Parameters
    ----------
    bids_dir, output_dir : path-like
        Folder with fMRIPrep's results, or a BIDS folder that has them below ``derivatives``; and where to
        write.
    settings : LabSettings
        What is done.
    participants : sequence of str, default=()
        People to process; none named, all.
    n_jobs : int, default=None
        Processes, as in joblib.
    report : callable, default=None
        Told one line about each run.
    collect : bool, default=True
        Whether the store is written: where several calls share the folder, one of them does it.

    Returns
    -------
    LabOutcome
        Quality and store.

    Raises
    ------
    FileNotFoundError, ValueError
        If there are no such runs, or the atlas is none; what is wrong with one run is in the table instead.
    """
    from joblib import Parallel, delayed

    source, output = Path(bids_dir), Path(output_dir)
    runs = bids.find_runs(WHERE, source, participants=participants, task=settings.task, space=settings.space)
    labels, names = read_atlas(settings)
    output.mkdir(parents=True, exist_ok=True)
    bids.write_description(output, "Region time series (neurosci)", source)
    people = bids.read_people(source)
    sites = dict(zip(people["participant_id"], people["site"], strict=True)) if "site" in people else {}
    described = {**asdict(settings), "atlas": sha256(Path(settings.atlas)), "labels": names}
    found = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(one_run)(run, output, settings, labels, names, described) for run in runs
    )
    placed = ({"site": sites.get(run.subject) or "n/a", **row} for run, row in zip(runs, found, strict=True))
    quality = each.tabulate(output, runs, placed, COLUMNS, report)
    return LabOutcome(quality, _collect(output, runs, quality, people, names) if collect else None)


def read_atlas(settings: LabSettings) -> tuple[NDArray[np.int64], list[str]]:
    """Return the numbers of the regions, ascending, and their names."""
    import pandas as pd

    from neurosci.preprocessing._series import check_labels, load_image

    values = check_labels(WHERE, load_image(WHERE, "atlas", settings.atlas, 3))
    labels = np.unique(values[values > 0])
    if settings.labels is None:
        return labels, [str(label) for label in labels]
    table = pd.read_csv(settings.labels, sep="\t")
    if not {"index", "name"} <= set(table):
        raise ValueError(f"{WHERE}: labels must have the columns index and name, got {', '.join(table)}")
    known = dict(zip(table["index"].astype(int), table["name"].astype(str), strict=True))
    missing = [int(label) for label in labels if label not in known]
    if missing:
        raise ValueError(f"{WHERE}: labels must name every region of the atlas, got none for {missing[0]}")
    return labels, [known[int(label)] for label in labels]


def one_run(
    run: bids.Run,
    output: Path,
    settings: LabSettings,
    labels: NDArray[np.int64],
    names: list[str],
    described: dict[str, Any],
) -> dict[str, Any]:
    """Make the series of one run, or find them made; what goes wrong is returned as the reason."""

    def make() -> tuple[dict[str, Any], list[Path], dict[str, Any]]:
        series, row, moved = _extract(run, settings, labels, names)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path, "wb", size=series.nbytes) as file:
            np.save(file, series)
        return row, [path], {"regions": names, "displacement": moved.round(4).tolist()}

    path = series_path(output, run)
    return each.kept(run, path.with_suffix(".json"), described, make)


def series_path(output: Path, run: bids.Run) -> Path:
    """Return where the series of a run are kept."""
    return each.run_folder(output, run) / f"{run.name}_desc-regions_timeseries.npy"


def _extract(
    run: bids.Run, settings: LabSettings, labels: NDArray[np.int64], names: list[str]
) -> tuple[NDArray[np.float32], dict[str, Any], NDArray[np.float64]]:
    """Return the series of a run (a column per region of the atlas), its row of the table, and its motion."""
    from neurosci.preprocessing.fmri import read_nifti, region_signals

    image = read_nifti(run.bold, nan_policy="propagate")
    atlas, resampled = _on_grid(settings.atlas, image)
    t_r = bids.repetition_time(run, each.header_repetition_time(image), settings.t_r)
    movement = each.read_movement(run, settings.confounds)
    moved = movement.displacement
    found = region_signals(
        image,
        atlas,
        confounds=movement.regressors,
        t_r=t_r,
        low_pass=settings.low_pass,
        high_pass=settings.high_pass,
        smoothing_fwhm=settings.smoothing_fwhm,
    )
    voxels = np.asarray(atlas.dataobj)
    sizes = np.array([np.count_nonzero(voxels == label) for label in labels])
    place = np.searchsorted(labels, found.labels)
    series = np.zeros((len(found.signals), labels.size), dtype=np.float32)
    series[:, place] = found.signals
    used = np.zeros(labels.size)
    used[place] = found.n_voxels
    coverage = used / np.maximum(sizes, 1)
    constant = np.logical_not(series.any(axis=0))
    row: dict[str, Any] = {
        "n_times": len(series),
        "t_r": t_r,
        "duration": len(series) * t_r,
        "n_constant": int(constant.sum()),
        "constant_regions": ", ".join(name for name, flat in zip(names, constant, strict=True) if flat),
        "coverage_mean": float(coverage.mean()),
        "coverage_min": float(coverage.min()),
        "mean_fd": movement.mean,
        "max_fd": float(moved.max()) if moved.size else None,
        "percent_fd": float(100 * np.mean(moved > LARGE_STEP)) if moved.size else None,
        "n_confounds": movement.n_confounds,
        "atlas_resampled": resampled,
    }
    reasons = each.limits(row, settings.max_mean_fd, settings.min_times)
    if row["n_constant"] > settings.max_constant * labels.size:
        reasons.insert(0, f"{row['n_constant']} of {labels.size} regions are constant")
    return series, each.judged(row, reasons), moved


def _on_grid(atlas: str, image: Any) -> tuple[Any, bool]:
    """Return the atlas on the grid of a run, and whether it had another."""
    from nilearn.image import resample_to_img

    from neurosci.preprocessing._series import SAME_GRID, load_image

    found = load_image(WHERE, "atlas", atlas, 3)
    same = found.shape == image.shape[:3] and np.abs(found.affine - image.affine).max() <= SAME_GRID
    if same:
        return found, False
    moved = resample_to_img(
        found, image.slicer[..., 0], interpolation="nearest", force_resample=True, copy_header=True
    )
    return moved, True


def _collect(
    output: Path, runs: Sequence[bids.Run], quality: pd.DataFrame, people: pd.DataFrame, names: list[str]
) -> TimeSeriesStore | None:
    """Write the store of the runs that are included."""
    import pandas as pd

    from ._store import TimeSeriesStore

    chosen = np.flatnonzero(quality["status"] == "included").tolist()
    if not chosen:
        return None
    table = quality.iloc[chosen].rename(columns={"participant_id": "subject"}).reset_index(drop=True)
    table = table.drop(columns=["status", "reason", "constant_regions"])
    here = pd.DataFrame({"participant_id": table["subject"].unique()})
    participants = here.merge(people, on="participant_id", how="left").fillna("n/a")
    return TimeSeriesStore.create(
        output / STORE,
        (np.load(series_path(output, runs[i]), allow_pickle=False) for i in chosen),
        table,
        participants=participants,
        regions=names,
        overwrite=True,
    )
