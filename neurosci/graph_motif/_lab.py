"""From the results of fMRIPrep to maps of motifs, one image each; a bad run never stops the rest."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.files import sha256
from neurosci.preprocessing import _bids as bids
from neurosci.preprocessing import _bids_runs as each

from ._masker import NiftiMotifMasker
from ._transformer import MotifMapTransformer

if TYPE_CHECKING:
    import pandas as pd

WHERE = "neurosci bids"
MASK, QUALITY = "desc-motifs_mask.nii.gz", each.QUALITY
COLUMNS = {
    "participant_id": "Person, without sub-.",
    "session": "Session, without ses-.",
    "task": "Task.",
    "run": "Run.",
    "status": "included, excluded (by a limit), or failed (an error).",
    "reason": "Why it is not included.",
    "n_times": "Volumes.",
    "t_r": "Time between volumes, in seconds.",
    "n_voxels": "Voxels of the mask.",
    "n_excluded": "Voxels of it that are constant or not finite: no edges, 0 in each map.",
    "n_edges": "Edges of the graph.",
    "density": "Share of pairs of voxels that are edges.",
    "mean_fd": "Mean framewise displacement, in mm.",
    "n_confounds": "Regressors taken out.",
}


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """What is done with every run.

    Parameters
    ----------
    mask : path-like, default=None
        Mask on the grid of the runs; None takes the voxels that are in the brain masks of all of them.
    threshold : float, default=0.5
        Correlation that an edge must exceed.
    density : float, default=None
        Share of pairs that become edges instead.
    motifs : tuple of str
        Maps, as in `motif_maps`.
    task, space : str, default=None
        Which runs; None takes all tasks, and MNI152NLin2009cAsym or the only space.
    confounds : sequence of str
        Sets or columns of fMRIPrep's tables.
    low_pass, high_pass : float, default=None
        Cut-offs, in Hz.
    smoothing_fwhm : float, default=None
        Width of a Gaussian filter, in mm.
    t_r : float, default=None
        Time between volumes, in seconds; None takes that of the files.
    max_mean_fd : float, default=None
        Largest mean displacement, in mm, of a run that is included.
    min_times : int, default=3
        Fewest volumes of a run that is included.
    """

    mask: str | None = None
    threshold: float = 0.5
    density: float | None = None
    motifs: tuple[str, ...] = ("degree", "triangles")
    task: str | None = None
    space: str | None = None
    confounds: tuple[str, ...] = ("motion24", "wm_csf", "cosine")
    low_pass: float | None = None
    high_pass: float | None = None
    smoothing_fwhm: float | None = None
    t_r: float | None = None
    max_mean_fd: float | None = None
    min_times: int = 3


def process(
    bids_dir: str | Path,
    output_dir: str | Path,
    settings: LabSettings,
    *,
    participants: Sequence[str] = (),
    n_jobs: int | None = None,
    report: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Turn all runs of a BIDS folder into maps of motifs over the voxels of one mask.

    Finished runs are kept: the same call goes on from there, and does again only what failed, what is new and
    what was made with other settings, from other files, or in another mask.

    Parameters
    ----------
    bids_dir, output_dir : path-like
        Folder with fMRIPrep's results, or a BIDS folder that has them below ``derivatives``; where to write.
    settings : LabSettings
        What is done.
    participants : sequence of str, default=()
        People to process; none named, all.
    n_jobs : int, default=None
        Processes, as in joblib; each uses one thread.
    report : callable, default=None
        Told one line about each run.

    Returns
    -------
    DataFrame
        One row per run, as in `COLUMNS`.

    Raises
    ------
    FileNotFoundError, ValueError
        If there are no such runs or no mask; what is wrong with one run is in the table instead.
    """
    from joblib import Parallel, delayed

    source, output = Path(bids_dir), Path(output_dir)
    runs = bids.find_runs(WHERE, source, participants=participants, task=settings.task, space=settings.space)
    output.mkdir(parents=True, exist_ok=True)
    bids.write_description(output, "Maps of motifs (neurosci)", source)
    # one mask for all people, whoever is processed now: maps of separate calls belong together
    everyone = bids.find_runs(WHERE, source, task=settings.task, space=settings.space)
    mask = write_mask(output, everyone, settings)
    described = {**asdict(settings), "mask": sha256(mask)}
    found = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(one_run)(run, output, mask, settings, described) for run in runs
    )
    return each.tabulate(output, runs, found, COLUMNS, report)


def write_mask(output: Path, runs: Sequence[bids.Run], settings: LabSettings) -> Path:
    """Keep the mask of all runs in the folder of the results."""
    from nilearn.image import new_img_like
    from nilearn.masking import intersect_masks

    from neurosci.preprocessing._series import check_mask, load_image

    path = output / MASK
    if settings.mask is not None:
        mask = load_image(WHERE, "mask", settings.mask, 3)
    else:
        masks = [run.bold.with_name(run.bold.name.replace("preproc_bold", "brain_mask")) for run in runs]
        missing = [mask.name for mask in masks if not mask.is_file()]
        if missing:
            raise FileNotFoundError(
                f"{WHERE}: each run must have a brain mask beside it, got none called {missing[0]} (name one "
                "mask for all with --mask)"
            )
        try:
            mask = intersect_masks([str(mask) for mask in masks], threshold=1, connected=False)
        except ValueError as error:
            raise ValueError(f"{WHERE}: the runs must be on one grid, got {error} (name --space)") from error
    inside = check_mask(WHERE, mask)
    if not path.is_file() or not _same_mask(path, inside, mask.affine):
        part = path.with_name(f".{os.getpid()}.{path.name}")
        new_img_like(mask, inside.astype(np.uint8)).to_filename(part)
        part.replace(path)
    return path


def _same_mask(path: Path, inside: Any, affine: Any) -> bool:
    from neurosci.preprocessing._series import load_image

    earlier = load_image(WHERE, "mask", path, 3)
    return np.array_equal(np.asarray(earlier.dataobj) > 0, inside) and np.array_equal(earlier.affine, affine)


def map_path(output: Path, run: bids.Run, name: str) -> Path:
    """Return where a map of a run is kept, named as statistical maps of BIDS derivatives are."""
    space = f"_space-{run.space}" if run.space else ""
    return each.run_folder(output, run) / f"{run.name}{space}_stat-{name.replace('_', '')}_statmap.nii.gz"


def one_run(
    run: bids.Run, output: Path, mask: Path, settings: LabSettings, described: dict[str, Any]
) -> dict[str, Any]:
    """Make the maps of one run, or find them made; what goes wrong is returned as the reason."""

    def make() -> tuple[dict[str, Any], list[Path], dict[str, Any]]:
        maps, row = _maps(run, mask, settings)
        paths = []
        for name, image in maps.items():
            path = map_path(output, run, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part.nii.gz")
            image.to_filename(part)
            part.replace(path)
            paths.append(path)
        return row, paths, {}

    record = map_path(output, run, "maps").with_suffix("").with_suffix(".json")
    return each.kept(run, record, described, make)


def _maps(run: bids.Run, mask: Path, settings: LabSettings) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the maps of a run as images of counts, and its row of the table."""
    from threadpoolctl import threadpool_limits

    from neurosci.preprocessing.fmri import read_nifti

    image = read_nifti(run.bold, nan_policy="propagate")
    t_r = bids.repetition_time(run, each.header_repetition_time(image), settings.t_r)
    movement = each.read_movement(run, settings.confounds)
    masker = NiftiMotifMasker(
        str(mask),
        t_r=t_r,
        low_pass=settings.low_pass,
        high_pass=settings.high_pass,
        smoothing_fwhm=settings.smoothing_fwhm,
        motifs=settings.motifs,
    ).fit()
    transformer = MotifMapTransformer(
        settings.threshold,
        settings.motifs,
        density=settings.density,
        scale="count",
        coordinates=masker.coordinates_,
        n_jobs=1,
    )
    with threadpool_limits(limits=1):
        graph = transformer.graph_of(masker.signals_of(image, movement.regressors).signals)
        values = transformer.maps_of(graph)
    row: dict[str, Any] = {
        "n_times": int(image.shape[3]),
        "t_r": t_r,
        "n_voxels": masker.n_features_in_,
        "n_excluded": int(graph.excluded.sum()),
        "n_edges": int(graph.n_edges),
        "density": float(graph.density),
        "mean_fd": movement.mean,
        "n_confounds": movement.n_confounds,
    }
    row = each.judged(row, each.limits(row, settings.max_mean_fd, settings.min_times))
    names = transformer.map_names()
    return {name: masker.inverse_transform(one) for name, one in zip(names, values, strict=True)}, row
