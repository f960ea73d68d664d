"""Registry of the region series of ABIDE I for connectivity: origin, terms, hashes."""

from __future__ import annotations

from neurosci.datasets._registry import Dataset, RemoteFile

PEOPLE = ("abide1_participants.tsv", "cf35ef20fd01d7a69982d9fe601c32d34084be1d8556289564cc10cb1e961d23")
_HO110 = (
    "abide1_cpac_nofilt_noglobal_ho110_int8.npz",
    "1de06a7ed0c850b52516759504645155c1652d7c353419bcca499b04c871b64b",
)
_REGIONS = ("ho110_rois.tsv", "c3359ff0073420c175db244535eada4354e866b53b2235cd7fcbc276492f0f62")
_NYU = (
    "abide1_nyu_cpac_filt_global_cc200_int8.npz",
    "7c1ad4d18b293cf39bbccca89060069d961547dc3310b07c44cbfdc91911ccff",
)
_ROOT = "fc_ssl"
_CITATION = (
    "Di Martino, A., et al. (2014). The autism brain imaging data exchange. Molecular Psychiatry, 19, "
    "659-667; Craddock, C., et al. (2013). The Neuro Bureau Preprocessing Initiative. Frontiers in "
    "Neuroinformatics, 7."
)
_LICENCE = "CC BY-NC-SA 3.0 as usually quoted for ABIDE; nothing is said about this copy"
_HOMEPAGE = "http://preprocessed-connectomes-project.org/abide/"


def connectivity_datasets() -> tuple[Dataset, ...]:
    """Return the data sets of connectivity in the order of the registry."""
    return (_ho110(), _nyu_cc200())


def _terms(route: str) -> str:
    return (
        f"Non-commercial research. The public route to the same people is {route}; this copy is read where "
        "it is present and never passed on."
    )


def _files(*names: tuple[str, str]) -> tuple[RemoteFile, ...]:
    return tuple(RemoteFile(f"{_ROOT}/{name}", sha256) for name, sha256 in names)


def _ho110() -> Dataset:
    return Dataset(
        name="abide_ho110",
        kind="real",
        title="1,035 people with and without autism at rest (ABIDE I, Harvard-Oxford)",
        description=(
            "Resting-state fMRI of 505 people with autism and 530 without in 110 Harvard-Oxford regions, "
            "from 20 sites, 78 to 316 volumes, preprocessed by C-PAC without band-pass and without "
            "regression of the global signal, rounded to 8 bits per region. The diagnosis is autism, not "
            "ADHD."
        ),
        licence=_LICENCE,
        citation=_CITATION,
        terms=_terms(
            "nilearn.datasets.fetch_abide_pcp(derivatives=['rois_ho'], band_pass_filtering=False, "
            "global_signal_regression=False, quality_checked=False)"
        ),
        size_bytes=20_979_261,
        root=_ROOT,
        homepage=_HOMEPAGE,
        stand_in="`neurosci.datasets.fetch_hcp_rest`, or `neurosci.datasets.load_abide_pcp` with atlas='ho'",
        files=_files(_HO110, PEOPLE, _REGIONS),
    )


def _nyu_cc200() -> Dataset:
    return Dataset(
        name="abide_nyu_cc200",
        kind="real",
        title="175 people of one site with and without autism at rest (ABIDE I, NYU, Craddock 200)",
        description=(
            "Resting-state fMRI of the site NYU in 200 Craddock regions, 176 volumes every 2 s, preprocessed "
            "by C-PAC with a band-pass of 0.01 to 0.1 Hz and regression of the global signal, rounded to 8 "
            "bits per region. The diagnosis is autism, not ADHD."
        ),
        licence=_LICENCE,
        citation=_CITATION,
        terms=_terms(
            "nilearn.datasets.fetch_abide_pcp(derivatives=['rois_cc200'], SITE_ID='NYU', "
            "band_pass_filtering=True, global_signal_regression=True, quality_checked=False)"
        ),
        size_bytes=6_025_973,
        root=_ROOT,
        homepage=_HOMEPAGE,
        stand_in="`neurosci.datasets.load_abide_pcp` with atlas='cc200'",
        files=_files(_NYU, PEOPLE),
    )
