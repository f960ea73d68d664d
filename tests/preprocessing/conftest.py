"""Small recordings in each format, written here byte by byte or by the libraries that own the format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


def edf_bytes(
    data: np.ndarray, *, per_record: int = 50, bits: int = 16, reserved: str = "", **changes: str
) -> bytes:
    """An EDF (24 bits: BDF) file of integers, shape (n_signals, n_times), at 100 samples per second."""
    n, n_times = data.shape
    limit = 2 ** (bits - 1)
    fields = {
        "version": "0" if bits == 16 else "\xffBIOSEMI",
        "patient": "X",
        "recording": "Startdate X X X X",
        "date": "01.01.00",
        "time": "00.00.00",
        "header": str(256 * (n + 1)),
        "reserved": reserved if bits == 16 else "24BIT",
        "records": str(n_times // per_record),
        "duration": f"{per_record / 100:g}",
        "signals": str(n),
    } | changes
    widths = (8, 80, 80, 8, 8, 8, 44, 8, 8, 4)
    header = "".join(value.ljust(width) for value, width in zip(fields.values(), widths, strict=True))
    signals = [
        ([f"LFP {i}" for i in range(n)], 16),
        ([""] * n, 80),
        (["uV"] * n, 8),
        (["-1000"] * n, 8),
        (["1000"] * n, 8),
        ([str(-limit)] * n, 8),
        ([str(limit - 1)] * n, 8),
        ([""] * n, 80),
        ([str(per_record)] * n, 8),
        ([""] * n, 32),
    ]
    header += "".join(value.ljust(width) for values, width in signals for value in values)
    records = data.reshape(n, n_times // per_record, per_record).transpose(1, 0, 2).astype("<i4")
    samples = records.ravel().view(np.uint8).reshape(-1, 4)[:, : bits // 8]
    return header.encode("latin-1") + samples.tobytes()


@pytest.fixture
def samples() -> np.ndarray:
    """Integers of 3 channels and 700 times."""
    return np.random.default_rng(0).integers(-2000, 2000, size=(3, 700))


@pytest.fixture
def write_edf(tmp_path: Path, samples: np.ndarray) -> Callable[..., Path]:
    def write(name: str = "rest.edf", **options) -> Path:
        path = tmp_path / name
        path.write_bytes(edf_bytes(samples, bits=24 if name.endswith("bdf") else 16, **options))
        return path

    return write


@pytest.fixture
def write_brainvision(tmp_path: Path, samples: np.ndarray) -> Callable[..., Path]:
    def write(points: int | None = 700, data_file: str = "rest.eeg", extra: str = "", **changes) -> Path:
        data = (samples.T * 0.1).astype("<f4")
        for place, value in changes.get("values", {}).items():
            data[place] = value
        (tmp_path / "rest.eeg").write_bytes(data.tobytes())
        (tmp_path / "rest.vmrk").write_text(
            "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
            "DataFile=rest.eeg\n\n[Marker Infos]\nMk1=Stimulus,S  1,1,1,0\nMk2=Stimulus,S  2,680,1,0\n"
        )
        path = tmp_path / "rest.vhdr"
        path.write_text(
            "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\n"
            f"Codepage={changes.get('codepage', 'UTF-8')}\n"
            f"DataFile={data_file}\nMarkerFile={changes.get('marker_file', 'rest.vmrk')}\nDataFormat=BINARY\n"
            f"DataOrientation=MULTIPLEXED\nNumberOfChannels={changes.get('n_channels', 3)}\n"
            "SamplingInterval=10000\n"
            + (f"DataPoints={points}\n" if points is not None else "")
            + extra
            + "\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n\n[Channel Infos]\n"
            "Ch1=A1,,1,µV\nCh2=A2,,1,µV\nCh3=A3,,1,µV\n\n[Comment]\nDataFile=elsewhere\n",
            encoding="utf-8",
        )
        return path

    return write


@pytest.fixture(scope="session")
def fif_bytes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A FIF file with several blocks of samples, plain and zipped, as MNE writes it."""
    import mne

    folder = tmp_path_factory.mktemp("fif")
    data = np.random.default_rng(1).normal(size=(3, 700)) * 1e-5
    raw = mne.io.RawArray(data, mne.create_info(["A1", "A2", "A3"], 100.0, "seeg"), verbose="ERROR")
    contents = {}
    for suffix in (".fif", ".fif.gz"):
        raw.save(folder / f"rest_raw{suffix}", verbose="ERROR")
        contents[suffix] = (folder / f"rest_raw{suffix}").read_bytes()
    return contents
