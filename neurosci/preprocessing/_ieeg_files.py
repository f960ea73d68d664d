"""Sizes that the headers of EDF, FIF and BrainVision files claim, against those of the files."""

from __future__ import annotations

import configparser
import re
import struct
from pathlib import Path

from neurosci.preprocessing._files import CHUNK, largest_content, open_whole

_SAMPLE_BYTES = {"INT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4, "IEEE_FLOAT_64": 8}


def check_edf(file: Path) -> None:
    """Compare the size of an EDF or BDF with the records that its header claims."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(256)
        if len(start) < 256:
            raise ValueError(f"it holds {size} bytes, less than a header")
        if start[:8].rstrip() != b"0" and start[:8] != b"\xffBIOSEMI":
            raise ValueError("it does not begin with an EDF or BDF header")
        header_size, n_records, n_signals = (
            _integer(start[place], name)
            for place, name in (
                (slice(184, 192), "size of the header"),
                (slice(236, 244), "number of records"),
                (slice(252, 256), "number of signals"),
            )
        )
        if n_signals < 1 or header_size != 256 * (n_signals + 1) or header_size > size:
            raise ValueError(
                f"its header claims {n_signals} signals in {header_size} bytes, and the file has {size}"
            )
        stream.seek(256 + 216 * n_signals)
        fields = stream.read(8 * n_signals)
    if start[192:197] in (b"EDF+D", b"BDF+D"):
        raise ValueError("it is discontinuous (EDF+D), so that its samples have gaps in time")
    samples = [_integer(fields[i : i + 8], "samples per record") for i in range(0, len(fields), 8)]
    if min(samples) < 1:
        raise ValueError(f"its samples per record must be positive, got {min(samples)}")
    expected = header_size + n_records * sum(samples) * (3 if start[:1] == b"\xff" else 2)
    if n_records < 0:
        raise ValueError("its number of records is unknown: the recording was never closed")
    if n_records == 0 or expected != size:
        raise ValueError(f"its header claims {n_records} records, {expected:,} bytes, and it holds {size:,}")


def _integer(field: bytes, name: str) -> int:
    text = field.decode("ascii", "replace").strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,8}", text):
        raise ValueError(f"its {name} must be an integer, got {text!r}")
    return int(text)


def check_fif(file: Path) -> None:
    """Follow the chain of blocks of a FIF to its end mark, and read gzip to its checksum."""
    limit = largest_content(file)
    position = 0
    with open_whole(file) as stream:
        while True:
            stream.seek(position)
            block = stream.read(16)
            if len(block) < 16:
                raise ValueError(f"it ends at byte {stream.tell():,}, before its end mark")
            kind, _, size, following = struct.unpack(">iIii", block)
            if position == 0 and kind != 100:
                raise ValueError("it does not begin with a FIF block")
            if size < 0 or position + 16 + size > limit:
                raise ValueError(f"the block at byte {position:,} claims {size:,} bytes, more than there are")
            if following == -1:
                break
            if following and following <= position:
                raise ValueError(f"the block at byte {position:,} points backwards")
            position = following or position + 16 + size
        stream.seek(position + 16 + size - (1 if size else 0))
        if size and not stream.read(1):
            raise ValueError("its last block is cut")
        while stream.read(CHUNK):
            pass


def check_brainvision(file: Path) -> None:
    """Check that a BrainVision header names files beside it, of the size that it claims."""
    if file.stat().st_size > CHUNK:
        raise ValueError(f"its header is larger than {CHUNK:,} bytes")
    content = file.read_bytes()
    # The codes that MNE may decode it with; in each of them a plain name is the same ASCII.
    code = re.search(rb"(?i)codepage[ \t]*=[ \t]*([^\r\n]*)", content)
    if code and code[1].strip().lower() not in (
        b"utf-8",
        b"utf8",
        b"ansi",
        b"latin-1",
        b"iso-8859-1",
        b"cp1252",
    ):
        raise ValueError(f"its Codepage must be UTF-8 or ANSI, got {code[1]!r}")
    first, _, text = content.decode("utf-8", "replace").partition("\n")
    if not re.search("Brain ?Vision", first[:80]):
        raise ValueError("it does not begin with a BrainVision header")
    header = configparser.ConfigParser(interpolation=None)
    header.read_string(text.partition("[Comment]")[0])
    common = header["Common Infos" if "Common Infos" in header else "Common infos"]
    for key in ("DataFile", "MarkerFile"):
        name = common.get(key, "")
        if name in (".", "..") or Path(name).name != name or not re.fullmatch(r"[^\\\x00-\x1f]*", name):
            raise ValueError(f"its {key} must be a name in the same folder, got {name!r}")
        if key == "DataFile" and not (file.parent / name).is_file():
            raise ValueError(f"its DataFile {name!r} is missing")
    if common.get("DataFormat", "").upper() != "BINARY":
        raise ValueError(f"its DataFormat must be BINARY, got {common.get('DataFormat')!r}")
    n_channels = int(common["NumberOfChannels"])
    width = n_channels * _SAMPLE_BYTES[header["Binary Infos"]["BinaryFormat"].upper()]
    size = (file.parent / common["DataFile"]).stat().st_size
    if n_channels < 1 or size == 0 or size % width:
        raise ValueError(
            f"its data file of {size:,} bytes does not hold whole samples of {n_channels} channels"
        )
    n_points = int(common.get("DataPoints", str(size // width)))
    if n_points * width != size:
        raise ValueError(f"its header claims {n_points:,} samples, and its data file holds {size // width:,}")
