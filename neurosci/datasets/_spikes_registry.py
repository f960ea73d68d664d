"""Registry of the spike recordings: where each comes from, under which terms, with which hashes."""

from __future__ import annotations

from neurosci.datasets._registry import Dataset, PackageMember, RemoteFile

_NITIME = "nitime"
_NITIME_VERSION = "0.12.1"
_CLASS_DECODING = "0d621093f5c7a50285de72aa4e470ce28634a472"
_NELPY = "099548c0608ffaa92933c66346c0d96f05a18622"
_LOCUST = "3635d491c637bae8641d6350ec1ad9336f174579"
_ONEHOT = "f5c482c8c756a78e8aaa27ce3eb7674b47631272"

GRASSHOPPER = {
    "grasshopper_spike_times1.txt": "840014ad9a8f591d02ab108bcbd46715badb3459e0ef7eac95fdd661ff134e3d",
    "grasshopper_spike_times2.txt": "389e5dccb709fbe0552589ff2e0b64e15d46665e4d2d4172071f2175c8641541",
    "grasshopper_stimulus1.txt": "4b47a4cbca8c5f694f87dd510db608a868dffbaba96845199c8afa545a4c37fa",
    "grasshopper_stimulus2.txt": "69f257a8e7a5019897111b07f9cd317b136357d256e99682d40c09d5add18e6a",
}
PFC6 = {
    "Behavior": "2732cce3f6bb2cc20713f3749365144e981ea429e84960988bb5b4e346d71763",
    "CellType": "b8981264b4a4ea9b251909bdba7b38e81a22ed85f74c3982c52c8a1c368bc889",
    "SwsPOST": "bea0d34d5b82e599c546661cac8b341c25deca9e0f28006d8b66f21a88ecbd04",
    "SwsPRE": "87387a6bc24d45614a662861cb64eefa4b1f05c0c59974e8834e114ccc7c7514",
    "WakeEpoch": "e03cec5d4dea4785192297ca426ceea4989f9d36eed01276f3eac48055bd01c7",
}
NELPY = {
    "w-maze": (
        "nelpy_w_maze",
        "d07766c93444817c9678fb3ea332fe85286c49061a608a346b0d48f309e272a8",
        "6a5a1311d90c256e7caa68969c325060764287d8f89fa6cc6bc30ccd32e80578",
    ),
    "linear-track": (
        "nelpy_linear_track",
        "615b05a9228a5eaea7f99d5fc5b11848a4d94fc154104612410c887875b65bc7",
        "10a883302c50e26d5f659ac4ee08d8901f7881c71f6800cd56d999a620b31cb5",
    ),
}
_GITHUB = "https://github.com/"
_RAW = "https://raw.githubusercontent.com/"


def spike_datasets() -> tuple[Dataset, ...]:
    """Return the spike recordings in the order of the registry."""
    return (_grasshopper(), _head_direction(), _adn_ca1(), *_hippocampus(), *_locust(), _pfc6())


def _grasshopper() -> Dataset:
    members = tuple(
        PackageMember(_NITIME, _NITIME_VERSION, f"nitime/data/{name}", sha256, _NITIME)
        for name, sha256 in GRASSHOPPER.items()
    )
    return Dataset(
        name="grasshopper",
        kind="real",
        title="Grasshopper auditory receptor",
        description=(
            "Spike times of one receptor neuron in two recordings of 10 s, with the amplitude of the sound; "
            "it ships in the Python package nitime."
        ),
        licence="BSD-3-Clause (the package nitime)",
        citation=(
            "Rokem, A., Watzl, S., Gollisch, T., Stemmler, M., Herz, A. V. M., & Samengo, I. (2006). "
            "Spike-timing precision underlies the coding efficiency of auditory receptor neurons. Journal of "
            "Neurophysiology, 95, 2541-2552. nitime 0.12.1."
        ),
        terms="Times in the files are microseconds; the loader returns seconds.",
        homepage="https://nipy.org/nitime/",
        size_bytes=4_136_941,
        root=f"{_NITIME}-{_NITIME_VERSION}",
        stand_in="spikes with known states, from `neurosci.hmm_glm.make_onehot_hmmglm`",
        files=members,
    )


def _head_direction() -> Dataset:
    base = f"{_RAW}PeyracheLab/Class-Decoding/{_CLASS_DECODING}/"
    return Dataset(
        name="head_direction",
        kind="real",
        title="Head-direction neurons awake and asleep",
        description=(
            "Counts of 19 neurons of the anterodorsal thalamus of one mouse in 10 ms bins: wake, slow-wave "
            "sleep and REM sleep as three records, each of its epochs one after the other."
        ),
        licence="none stated by the repository; the recording is subject to the terms of CRCNS (th-1)",
        citation=(
            "Peyrache, A., Lacroix, M. M., Petersen, P. C., & Buzsáki, G. (2015). Internally organized "
            "mechanisms of the head direction sense. Nature Neuroscience, 18, 569-575."
        ),
        terms=(
            "Read where it is present or fetched from the authors' repository, never passed on. No "
            "change between wake and sleep is contiguous, and the epochs of slow-wave sleep are not marked."
        ),
        homepage=f"{_GITHUB}PeyracheLab/Class-Decoding/tree/{_CLASS_DECODING}",
        size_bytes=1_997_967,
        root="hmm_glm/hd_mouse12_120806",
        base_url=base,
        stand_in="spikes with known states, from `neurosci.hmm_glm.make_onehot_hmmglm`",
        files=(
            RemoteFile(
                "hmm_glm/hd_mouse12_120806/dataHD.mat",
                "4cadf140878e97587631dd343b6a861329e89e9e9d59a7b6a10f23c1d162e62e",
                f"{base}dataHD.mat",
            ),
        ),
    )


def _adn_ca1() -> Dataset:
    return Dataset(
        name="adn_ca1",
        kind="real",
        title="Thalamus and hippocampus, rest and exploration",
        description=(
            "Spike times of 7 anterodorsal thalamic and 8 hippocampal (CA1) units of one mouse: 10 minutes "
            "in the home cage, then 10 minutes of exploration with position and head angle."
        ),
        licence="MIT (the distribution of pynapple that it came with)",
        citation=(
            "Session A2929-200711 of the Peyrache laboratory, test file of pynapple 0.11.4. Viejo, G., et "
            "al. (2023). Pynapple, a toolbox for data analysis in neuroscience. eLife, 12, RP85786."
        ),
        terms="Converted from the NWB file of that distribution; not offered for download.",
        homepage=f"{_GITHUB}pynapple-org/pynapple",
        size_bytes=1_412_190,
        root="hmm_glm/pynapple_a2929_200711",
        stand_in="spikes with known states, from `neurosci.hmm_glm.make_onehot_hmmglm`",
        files=(
            RemoteFile(
                "hmm_glm/pynapple_a2929_200711/A2929-200711.npz",
                "eeb145691b955da5887ba7f2e6639e7b5af8be4fac93843f6dcc688cd1cf3f81",
            ),
        ),
    )


def _hippocampus() -> tuple[Dataset, ...]:
    made = []
    for maze, (root, spikes, trajectory) in NELPY.items():
        base = f"{_RAW}nelpy/example-data/{_NELPY}/{maze}/"
        units, seconds = ("24", "4,307") if maze == "w-maze" else ("31", "1,968")
        made.append(
            Dataset(
                name=f"hippocampus_{maze.replace('-', '_')}",
                kind="real",
                title=f"Hippocampal neurons on a {maze.replace('-', ' ')}",
                description=(
                    f"Spike times of {units} clusters of a rat's hippocampus in {seconds} s of running and "
                    "rest, with the position of the animal in pixels."
                ),
                licence="MIT (nelpy example data)",
                citation="nelpy example data, commit 099548c0 (https://github.com/nelpy/example-data).",
                terms="Clusters are units as the depositors sorted them.",
                homepage=f"{_GITHUB}nelpy/example-data/tree/{_NELPY}",
                size_bytes=5_950_929 if maze == "w-maze" else 1_604_344,
                root=f"hmm_glm/{root}",
                base_url=base,
                stand_in="spikes with known states, from `neurosci.hmm_glm.make_onehot_hmmglm`",
                files=(
                    RemoteFile(f"hmm_glm/{root}/spikes.mat", spikes, f"{base}spikes.mat"),
                    RemoteFile(
                        f"hmm_glm/{root}/trajectory.videoPositionTracking",
                        trajectory,
                        f"{base}trajectory.videoPositionTracking",
                    ),
                ),
            )
        )
    return tuple(made)


def _locust() -> tuple[Dataset, ...]:
    sessions = {
        "20000421": (
            626_090,
            "00e9bbafcf9a456a608ca8622a9373fe6611dd277a474bd237e7f0c4f3cc05bb",
            "20 odours, 25 trials each (1-Hexanol 30), 8.8 s of every 10 s recorded",
        ),
        "20000613": (
            322_704,
            "ccfceda571fe263a66605b76da18e639ece6a8873cba4e5bd2c37ad89c99576a",
            "5 conditions of 20 to 100 trials of 10 s",
        ),
    }
    return tuple(
        Dataset(
            name=f"locust_{session}",
            kind="real",
            title=f"Locust antennal lobe, odours, {session}",
            description=f"Spike times of 9 sorted units of the antennal lobe: {content}.",
            licence="GPL-3.0 (the repository); nothing separate is said about the spike trains",
            citation=(
                "Pouzat, C., & Chaffiol, A. Locust antennal lobe recordings. Zenodo, record 21589 "
                "(https://zenodo.org/record/21589)."
            ),
            terms=(
                "Repacked from one text file per unit, values unchanged; not offered for download and not "
                "part of this package. The last units of a tetrode are several neurons."
            ),
            homepage=f"{_GITHUB}christophe-pouzat/zenodo-locust-datasets-analysis/tree/{_LOCUST}",
            size_bytes=size,
            root="realdata",
            stand_in="spikes with known states, from `neurosci.hmm_glm.make_onehot_hmmglm`",
            files=(RemoteFile(f"realdata/locust{session}_odours.npz", sha256),),
        )
        for session, (size, sha256, content) in sessions.items()
    )


def _pfc6() -> Dataset:
    base = f"{_RAW}JerrySoybean/onehot-hmmglm/{_ONEHOT}/data/200104/"
    return Dataset(
        name="pfc6_behavior",
        kind="real",
        title="Prefrontal cortex, session 200104, behaviour",
        description=(
            "Trials, cell classes and sleep epochs of the session that the paper analyses. Spikes "
            "and positions are in CRCNS pfc-6, which needs a free account."
        ),
        licence="none stated by the repository; the recording is subject to the terms of CRCNS (pfc-6)",
        citation=(
            "Peyrache, A., Khamassi, M., Benchenane, K., Wiener, S. I., & Battaglia, F. P. (2018). Activity "
            "of neurons in rat medial prefrontal cortex during learning and sleep. CRCNS.org, pfc-6."
        ),
        terms="Read where it is present or fetched from the repository, never passed on.",
        homepage="https://crcns.org/data-sets/pfc/pfc-6",
        size_bytes=3_456,
        root="hmm_glm/pfc6_200104_behavior",
        base_url=base,
        stand_in="none: the spikes are a user's own download (`neurosci.datasets.load_pfc6`)",
        files=tuple(
            RemoteFile(f"hmm_glm/pfc6_200104_behavior/200104_{name}.dat", sha256, f"{base}200104_{name}.dat")
            for name, sha256 in PFC6.items()
        ),
    )
