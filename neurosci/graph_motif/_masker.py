"""From images to maps of motifs over voxels, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from neurosci.preprocessing import fmri

from ._motifs import DISTANCE_EDGES
from ._transformer import MotifMapTransformer


class NiftiMotifMasker(TransformerMixin, BaseEstimator):
    """Turn functional images into maps of motif counts over the voxels of a mask.

    Parameters
    ----------
    mask_img : image or path-like, default=None
        Mask of zeros and ones on the grid of the images. ``None`` computes one from the images given to
        `fit` (:func:`nilearn.masking.compute_multi_epi_mask`).
    threshold : float, default=0.5
        Correlation that an edge must exceed. Not used where `density` is given.
    motifs : sequence of str, default=("degree", "triangles")
        Maps, as in `motif_maps`; places for "distance_degree" come from the mask.
    kind : {"positive", "absolute", "negative"}, default="positive"
        Rule for edges, as in `correlation_graph`.
    density : float, default=None
        Share of pairs that become edges, in (0, 1].
    scale : {"log1p", "count"}, default="log1p"
        Scale of counts, as in `MotifMapTransformer`.
    distance_edges : sequence of float, default=(0, 20, 40, 60, 80, inf)
        Limits of the bins of distance, in mm.
    t_r : float, default=None
        Time between volumes, in seconds; needed to filter.
    low_pass, high_pass : float, default=None
        Cut-offs, in Hz.
    smoothing_fwhm : float, default=None
        Width of a Gaussian filter over space, in mm. It joins neighbours: triangles are then mostly local.
    detrend : bool, default=True
        Whether straight lines are taken out.
    n_jobs : int, default=None
        Threads for each image, as in joblib.
    device : str, default=None
        Device of torch, such as "cuda"; ``None`` computes with compiled loops.

    Attributes
    ----------
    mask_img_ : nibabel.nifti1.Nifti1Image
        The mask.
    coordinates_ : ndarray of float64, shape (n_voxels, 3)
        Places of the voxels, in mm.
    n_features_in_ : int
        Number of voxels in the mask.

    See Also
    --------
    MotifMapTransformer : The same from time series.

    Notes
    -----
    Voxels that are constant or not finite have no edges, and the value 0 in each map; `signals_of` names
    them. Images on another grid than the mask are refused, never resampled.

    References
    ----------
    Dey S, Rao AR, Shah M (2012). Exploiting the brain's network structure in identifying ADHD subjects.
    Frontiers in Systems Neuroscience 6, 75.

    Examples
    --------
    >>> import nibabel as nib
    >>> import numpy as np
    >>> from neurosci.graph_motif import NiftiMotifMasker
    >>> rng = np.random.default_rng(0)
    >>> run = nib.Nifti1Image(rng.normal(size=(4, 5, 3, 40)), np.eye(4))
    >>> masker = NiftiMotifMasker(nib.Nifti1Image(np.ones((4, 5, 3), "uint8"), np.eye(4)), threshold=0.2)
    >>> maps = masker.fit_transform([run])
    >>> maps.shape, masker.inverse_transform(maps[0]).shape
    ((1, 120), (4, 5, 3, 2))
    """

    def __init__(
        self,
        mask_img: Any = None,
        *,
        threshold: float = 0.5,
        motifs: Sequence[str] = ("degree", "triangles"),
        kind: str = "positive",
        density: float | None = None,
        scale: str = "log1p",
        distance_edges: Sequence[float] = DISTANCE_EDGES,
        t_r: float | None = None,
        low_pass: float | None = None,
        high_pass: float | None = None,
        smoothing_fwhm: float | None = None,
        detrend: bool = True,
        n_jobs: int | None = None,
        device: str | None = None,
    ) -> None:
        self.mask_img = mask_img
        self.threshold = threshold
        self.motifs = motifs
        self.kind = kind
        self.density = density
        self.scale = scale
        self.distance_edges = distance_edges
        self.t_r = t_r
        self.low_pass = low_pass
        self.high_pass = high_pass
        self.smoothing_fwhm = smoothing_fwhm
        self.detrend = detrend
        self.n_jobs = n_jobs
        self.device = device

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def fit(self, imgs: Any = None, y: Any = None) -> Self:  # noqa: ARG002 (pipelines pass it)
        """Take the mask, or compute it.

        Parameters
        ----------
        imgs : image, path-like or sequence of them, default=None
            Images of shape (x, y, z, n_times); needed where no mask is given.
        y : object, default=None
            Not used.

        Returns
        -------
        NiftiMotifMasker
            Itself.

        Raises
        ------
        ValueError
            If there is neither mask nor image, or the mask is empty or not of zeros and ones.
        """
        from neurosci.preprocessing._series import check_mask, load_image

        where = type(self).__name__
        if self.mask_img is not None:
            mask_img = load_image(where, "mask_img", self.mask_img, 3)
        elif imgs is None:
            raise ValueError(f"{where}: mask_img must be given where fit gets no images, got None")
        else:
            from nilearn.masking import compute_multi_epi_mask

            mask_img = compute_multi_epi_mask(
                [load_image(where, f"imgs[{i}]", img, 4) for i, img in enumerate(_listed(where, imgs))]
            )
        mask = check_mask(where, mask_img)
        self.mask_img_ = mask_img
        self.coordinates_ = np.argwhere(mask) @ mask_img.affine[:3, :3].T + mask_img.affine[:3, 3]
        self.n_features_in_ = int(mask.sum())
        self._maps().fit([np.zeros((3, self.n_features_in_))])
        return self

    def _maps(self) -> MotifMapTransformer:
        return MotifMapTransformer(
            self.threshold,
            self.motifs,
            kind=self.kind,
            density=self.density,
            scale=self.scale,
            coordinates=self.coordinates_,
            distance_edges=self.distance_edges,
            n_jobs=self.n_jobs,
            device=self.device,
        )

    def signals_of(self, img: Any, confounds: ArrayLike | None = None) -> fmri.VoxelSignals:
        """Return the cleaned series of one image, with the voxels that cannot be used.

        Parameters
        ----------
        img : image or path-like
            Run of shape (x, y, z, n_times).
        confounds : array-like of shape (n_times, n_confounds), default=None
            What is regressed out.

        Returns
        -------
        VoxelSignals
            Series, voxels excluded, and places.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return fmri.voxel_signals(
            img,
            self.mask_img_,
            confounds=confounds,
            t_r=self.t_r,
            low_pass=self.low_pass,
            high_pass=self.high_pass,
            smoothing_fwhm=self.smoothing_fwhm,
            detrend=self.detrend,
        )

    def transform(
        self, imgs: Any, confounds: Sequence[ArrayLike | None] | None = None
    ) -> NDArray[np.float64]:
        """Return the maps of each image, one after the other.

        Parameters
        ----------
        imgs : image, path-like or sequence of them
            Runs of shape (x, y, z, n_times), one for each person; they are read one at a time.
        confounds : sequence of array-like of shape (n_times, n_confounds), default=None
            What is regressed out of each.

        Returns
        -------
        ndarray of float64, shape (n_subjects, n_maps * n_voxels)
            All voxels of the first map, then of the second, and so on.

        Raises
        ------
        ValueError
            If an image is on another grid than the mask, or has no two voxels that vary.
        """
        where = type(self).__name__
        listed = _listed(where, imgs)
        regressors = [None] * len(listed) if confounds is None else list(confounds)
        if len(regressors) != len(listed):
            raise ValueError(
                f"{where}: confounds must be as many as the images, got {len(regressors)} for {len(listed)}"
            )
        rows = []
        for img, table in zip(listed, regressors, strict=True):
            signals = self.signals_of(img, table).signals
            maps = self._maps()
            rows.append(maps.maps_of(maps.graph_of(signals)).reshape(-1))
        return np.array(rows)

    def inverse_transform(self, maps: ArrayLike) -> Any:
        """Return maps as an image.

        Parameters
        ----------
        maps : array-like of shape (n_voxels,), (n_maps * n_voxels,) or (n_rows, either)
            One map, the maps of one person, or rows of either kind.

        Returns
        -------
        nibabel.nifti1.Nifti1Image
            Shape (x, y, z) for one map, (x, y, z, n) for rows, in their order; 0 outside the mask.

        Raises
        ------
        ValueError
            If the last axis has another length.
        """
        from nilearn.masking import unmask
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        values = np.asarray(maps, dtype=np.float64)
        width, n_maps = self.n_features_in_, len(self._maps().map_names())
        if values.ndim not in (1, 2) or values.shape[-1] not in (width, n_maps * width):
            raise ValueError(
                f"{type(self).__name__}: maps must have {width} or {n_maps * width} values in their last "
                f"axis, got shape {values.shape}"
            )
        single = values.ndim == 1 and values.size == width
        return unmask(values if single else values.reshape(-1, width), self.mask_img_)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the name of each column: the map and the voxel.

        Parameters
        ----------
        input_features : array-like of str, shape (n_voxels,), default=None
            Names of the voxels; ``None`` numbers them from 0.

        Returns
        -------
        ndarray of object, shape (n_maps * n_voxels,)
            Names such as "triangles_6".
        """
        maps = self._maps()
        maps.n_features_in_ = self.n_features_in_
        return maps.get_feature_names_out(input_features)


def _listed(where: str, imgs: Any) -> list[Any]:
    listed = list(imgs) if isinstance(imgs, list | tuple) else [imgs]
    if not listed:
        raise ValueError(f"{where}: imgs must hold at least 1 image, got 0")
    return listed
