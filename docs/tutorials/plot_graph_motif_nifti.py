"""
From brain images to maps of triangles, and to a classifier
===========================================================

In the graph of a resting scan voxels are nodes, and two are joined where their signals go together. This
page goes from NIfTI files to maps of the triangles in that graph, and from the maps of several people to a
classifier. All recordings are *synthetic*: patients and controls differ inside one region that is known.
The brain mask is the MNI152 template that nilearn brings along, so nothing is downloaded.
"""

# %%
# Files
# -----
# Thirty-two synthetic people at two sites, half of them patients, on voxels of 12 mm so that this page is
# quick. The files of your own scans take this place: preprocessed runs in one common space.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import nibabel
import numpy as np
from nilearn.datasets import load_mni152_brain_mask
from nilearn.plotting import plot_stat_map

from neurosci.graph_motif import (
    NiftiMotifMasker,
    UsefulRegionSelector,
    cube_labels,
    evaluate,
    make_motif_classifier,
    make_motif_cohort,
)

folder = Path(tempfile.mkdtemp())
cohort = make_motif_cohort(
    32, delta=1.5, mask_img=load_mni152_brain_mask(resolution=12), radius=24, random_state=0
)
files = []
for person in range(len(cohort)):
    files.append(folder / f"synthetic-{person + 1:02d}_bold.nii.gz")
    nibabel.save(cohort.image(person), files[-1])
n_voxels = len(cohort.coordinates)
print(f"{len(files)} synthetic people, {n_voxels:,} voxels, {cohort.region.sum()} of them differ")

# %%
# Maps
# ----
# The masker reads one file at a time. An edge is a correlation above 0.5, and the map of triangles counts,
# exactly, in how many of them a voxel takes part. Counts come as log(1 + count).
masker = NiftiMotifMasker(cohort.mask_img, threshold=0.5, motifs=("triangles",), t_r=2.0)
maps = masker.fit_transform(files)
print("maps:", maps.shape)

# %%
# A map is an image again with ``inverse_transform``, and can be saved or drawn like any other.
first = masker.inverse_transform(maps[0])
nibabel.save(first, folder / "synthetic-01_triangles.nii.gz")
plot_stat_map(
    first, bg_img=None, display_mode="z", cut_coords=(-12, 12, 36), cmap="viridis", vmin=0, annotate=False,
    axes=(0, 0, 1, 0.86), figure=(figure := plt.figure(figsize=(7, 2.8))),
)  # fmt: skip
figure.suptitle("synthetic person 1: log(1 + triangles)")
plt.show()

# %%
# A classifier
# ------------
# Cubes of 36 mm are the regions. The selector keeps the quarter of them that tells patients from controls
# best, then come standardised features, principal components and a linear discriminant. Because the
# selector is a step of the pipeline, each fold learns its own mask from its training people: a mask that
# has seen the test people would make the score too good.
patient = cohort.labels == 1
cubes = cube_labels(cohort.coordinates, 36)
selector = UsefulRegionSelector(cubes, keep=0.25, n_components=5, random_state=0)
model = make_motif_classifier(5, selector=selector)
report = evaluate(model, maps, patient, cohort.site, cv=4, n_permutations=20, n_resamples=200, random_state=0)
for name in ("accuracy", "balanced_accuracy", "auc"):
    print(f"{name}: {report.metrics[name].text}")

# %%
# A score means little without what needs no image. Here the groups are balanced at each site, so that the
# site tells nothing.
print(report.table().query("metric == 'accuracy'").to_string(index=False))

# %%
# Where does it look?
# -------------------
# How often the folds kept each voxel, with the region that really differs outlined. Masks of different
# folds share most of their people: that they agree is no evidence of their own.
kept = report.supports.mean(axis=0)
display = plot_stat_map(
    masker.inverse_transform(kept), bg_img=None, display_mode="z",
    cut_coords=[float(np.median(cohort.coordinates[cohort.region, 2]))], cmap="viridis", vmin=0, vmax=1,
    annotate=False, axes=(0, 0, 1, 0.86), figure=(figure := plt.figure(figsize=(4, 3.2))),
)  # fmt: skip
figure.suptitle("synthetic: share of folds that kept a voxel")
truth = masker.inverse_transform(cohort.region.astype(float))
display.add_contours(truth, levels=[0.5], colors="k")
plt.show()
inside, outside = kept[cohort.region].mean(), kept[~cohort.region].mean()
print(f"kept inside the region: {100 * inside:.0f} % of the time; elsewhere: {100 * outside:.0f} %")
