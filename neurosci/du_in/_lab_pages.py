"""What the pages about a lab's recordings say: channels, line noise, spectra, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.files import write_text
from neurosci.preprocessing import _bids as bids
from neurosci.preprocessing import _bids_ieeg as ieeg
from neurosci.preprocessing import _bids_pages as say
from neurosci.preprocessing._bids_runs import record_of

from . import _plots_lab as plots
from ._lab import LabSettings, windows_path
from ._lab_signals import Spectra

if TYPE_CHECKING:
    import pandas as pd

GROUP = "group"
MOST_DRAWN = 4
QUALITY = {
    "scan": "Recording",
    "status": "Status",
    "duration": "Length (s)",
    "sfreq": "Rate (Hz)",
    "n_channels": "Channels",
    "n_bad": "Bad channels",
    "line_share": "Line noise, median share",
    "n_signals": "Signals",
    "n_windows": "Windows",
    "tokenizer_mse": "Tokenizer error",
    "tokenizer_perplexity": "Codes in use",
}
CHANNELS = {
    "name": "Channel",
    "type": "Type",
    "status": "Status",
    "status_description": "Why",
    "sd_uv": "SD (µV)",
    "line_share": "Line noise, share",
}


def _facts(source: Path, settings: LabSettings, quality: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    high = "200 Hz or 0.4 of the rate" if settings.h_freq is None else f"{settings.h_freq:g} Hz"
    return (
        ("Data set", bids.dataset_name(source)),
        ("Recordings", say.count_words(quality)),
        ("Reference", settings.reference),
        ("Pass band", f"{settings.l_freq or 0:g} Hz to {high}"),
        ("Windows", f"{settings.window:g} s"),
    )


def person_page(
    source: Path, output: Path, recordings: Sequence[ieeg.Recording], quality: pd.DataFrame,
    settings: LabSettings, command: Callable[[str], str], person: str,
) -> say.LabPage:  # fmt: skip
    """Return the page of one person: quality of the recordings, of their channels, and how they look."""
    rows = quality[quality["participant_id"] == person]
    own = rows.assign(scan=[say.run_words(row) for row in rows.to_dict("records")])
    made = [
        (recording, row)
        for recording, row in zip(recordings, quality.to_dict("records"), strict=True)
        if recording.subject == person and row["status"] != "failed"
    ]
    drawn = [
        _section(output, recording, row, place, settings)
        for place, (recording, row) in enumerate(made[:MOST_DRAWN])
    ]
    more = len(made) - len(drawn)
    about = say.Section(
        id="quality",
        heading="Quality",
        paragraphs=(
            "A channel is bad when the data set marks it so, when it is flat or saturated, or when more "
            "than 90 % "
            "of its variance lies at the mains and its harmonics. Bad channels are in no signal below.",
            *((f"{say.plural(more, 'more recording')} are in the table only.",) if more > 0 else ()),
        ),
        listings=(say.listing("quality", "Quality of each recording.", own, _shown(own)),),
    )
    return say.LabPage(
        name=f"sub-{person}",
        analysis="du_in",
        title=f"sub-{person}",
        lede=f"Channels, spectra and windows of {say.plural(len(own), 'intracranial recording')} of one "
        "person.",
        facts=_facts(source, settings, rows),
        caution=say.caution_of(bids.dataset_name(source)),
        sections=(about, say.left_out(rows), *drawn),
        command=command(person),
    )


def _shown(table: pd.DataFrame) -> dict[str, str]:
    """Return the columns to show: those of the tokenizer only where one was trained."""
    return {
        name: words
        for name, words in QUALITY.items()
        if not name.startswith("tokenizer") or table[name].notna().any()
    }


def _section(
    output: Path, recording: ieeg.Recording, row: Mapping[str, Any], place: int, settings: LabSettings
) -> say.Section:
    import pandas as pd

    path = windows_path(output, recording)
    record = record_of(path.with_suffix(".json"))
    table = pd.read_csv(
        path.with_name(f"{recording.name}_desc-quality_channels.tsv"),
        sep="\t",
        dtype={"name": str},
        na_values="n/a",
        keep_default_na=False,
    )
    table = table.sort_values("status", kind="stable")
    bad = set(table.loc[table["status"] == "bad", "name"])
    words = say.run_words(row)
    empty = pd.DataFrame({"name": [], "frequency": [], "power": [], "bad": []})
    after = _long(record["after"], set()) if "after" in record else empty
    lines = []
    if record.get("line_freq"):
        lines.append(f"Line noise is looked for at {record['line_freq']:g} Hz and its harmonics.")
    if "codes" in record:
        used = sum(n > 0 for n in record["codes"])
        lines.append(
            f"A small tokenizer, trained for {settings.n_epochs} epochs on the first {record['n_trained']} "
            "windows, "
            f"leaves {row['tokenizer_mse']:.2f} of the variance of the last ones unexplained (silence "
            "leaves 1) "
            f"and uses {used} of {len(record['codes'])} codes."
        )
    cautions = [f"Warning while it was processed: {text}" for text in record.get("warnings", [])]
    return say.Section(
        id=f"recording-{place + 1}",
        heading=words,
        paragraphs=tuple(lines),
        cautions=tuple(cautions),
        listings=(say.listing(f"channels-{place + 1}", f"Channels of {words}.", table, CHANNELS),),
        pictures=(
            say.Picture(
                name=f"recording-{place + 1}",
                finding=f"Spectra and signals of {words}.",
                caption="**a**, channels as recorded; bad ones are red and named. **b**, signals after "
                "filters and "
                f"reference ({settings.reference}). **c**, two windows from the middle, at most twelve "
                "signals. "
                "**d**, log power in bands, mean over windows.",
                alt="Four panels: spectra before, spectra after, signal traces, and a map of power in bands.",
                draw=plots.recording,
                tables=(_long(record["before"], bad), after, _traces(record, settings), _bands(record)),
            ),
        ),
    )


def _long(plain: dict[str, Any], bad: set[str]) -> pd.DataFrame:
    import pandas as pd

    found = Spectra.of(plain)
    n = len(found.frequency)
    return pd.DataFrame(
        {
            "name": np.repeat(np.array(found.names, dtype=object), n),
            "frequency": np.tile(found.frequency, len(found.names)),
            "power": found.power.ravel(),
            "bad": np.repeat([name in bad for name in found.names], n),
        }
    )


def _traces(record: Mapping[str, Any], settings: LabSettings) -> pd.DataFrame:
    import pandas as pd

    if "snippet" not in record:
        return pd.DataFrame()
    values = np.array(record["snippet"]["microvolts"], dtype=np.float64)
    names = record["signals"][: len(values)]
    n_windows = min(2, len(record["starts"]))
    time = np.linspace(0.0, n_windows * settings.window, values.shape[1], endpoint=False).round(4)
    return pd.DataFrame({"time": time, **dict(zip(names, values, strict=True))})


def _bands(record: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return (
        pd.DataFrame({"name": record["signals"], **record["bands"]}) if "bands" in record else pd.DataFrame()
    )


def group_page(
    source: Path, output: Path, recordings: Sequence[ieeg.Recording], quality: pd.DataFrame,
    settings: LabSettings, command: str, pages: Sequence[str], absent: Sequence[str],
) -> say.LabPage:  # fmt: skip
    """Return the page about all people, and write the tables that it is drawn from."""
    links = {f"sub-{person}": f"sub-{person}.html" for person in pages}
    rows = quality.assign(
        person=[f"sub-{one}" for one in quality["participant_id"]],
        scan=[say.run_words(row) for row in quality.to_dict("records")],
    )
    columns = {"person": "Person", **_shown(rows)}
    listed = say.listing("quality", "Quality of every recording.", rows, columns, pages=links)
    about = say.Section(
        id="quality", heading="Quality", paragraphs=say.absent_words(absent), listings=(listed,)
    )
    people = say.people_in(quality)
    sections = [say.left_out(quality, links), about]
    if people:
        sections = [_summary(quality, people), *sections, _signals(output, recordings, rows)]
    return say.LabPage(
        name=say.GROUP_PAGE,
        analysis="du_in",
        title="All people",
        lede=f"Intracranial recordings of {say.plural(len(people), 'person', 'people')}: channels, line "
        "noise, "
        "spectra, and what was left out.",
        facts=_facts(source, settings, quality),
        caution=say.caution_of(bids.dataset_name(source)),
        sections=tuple(sections),
        command=command,
    )


def _summary(quality: pd.DataFrame, people: Sequence[str]) -> say.Section:
    rows = quality[quality["status"] == "included"]
    n_channels, n_bad = int(rows["n_channels"].sum()), int(rows["n_bad"].sum())
    lines = [
        f"{len(rows)} of {len(quality)} recordings of {say.plural(len(people), 'person', 'people')} are "
        "included: "
        f"{rows['duration'].sum() / 60:.1f} minutes, {int(rows['n_windows'].sum())} windows. {n_bad} of "
        f"{n_channels} "
        f"channels are bad."
    ]
    noisy = rows[rows["line_share_max"] > 0.5]
    if len(noisy):
        names = say.joined(f"sub-{row['participant_id']}" for row in noisy.to_dict("records"))
        lines.append(f"In a channel of these, the mains hold more than half of the variance: {names}.")
    error = rows["tokenizer_mse"].dropna().astype(float)
    if len(error):
        lines.append(
            f"Tokenizers, one for each recording, leave {error.median():.2f} of the variance of windows "
            "that they "
            f"were not trained on (median; {error.min():.2f} to {error.max():.2f}; silence leaves 1)."
        )
    return say.Section(id="answer", heading="Summary", paragraphs=tuple(lines))


def _signals(output: Path, recordings: Sequence[ieeg.Recording], rows: pd.DataFrame) -> say.Section:
    import pandas as pd

    labels = [f"{row['person']} {row['scan']}" for row in rows.to_dict("records")]
    spectra, bands = [], []
    for recording, label, status in zip(recordings, labels, rows["status"], strict=True):
        if status != "included":
            continue
        record = record_of(windows_path(output, recording).with_suffix(".json"))
        found = Spectra.of(record["after"])
        median = np.median(found.power, axis=0).round(1)
        spectra.append(pd.DataFrame({"label": label, "frequency": found.frequency, "power": median}))
        for name, values in record["bands"].items():
            bands.append(
                {
                    "label": label,
                    "band": name,
                    "median": float(np.median(values)),
                    "low": min(values),
                    "high": max(values),
                }
            )
    powers = pd.DataFrame(bands, columns=["label", "band", "median", "low", "high"])
    folder = output / GROUP
    folder.mkdir(exist_ok=True)
    text = powers.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    write_text(folder / "bandpower.tsv", text)
    shown = rows.assign(label=labels).loc[
        (rows["status"] != "failed").to_numpy(),
        ["label", "n_channels", "n_bad", "line_share", "line_share_max"],
    ]
    columns = {
        "label": "Recording",
        "band": "Band",
        "median": "Median over signals",
        "low": "Least",
        "high": "Most",
    }
    return say.Section(
        id="signals",
        heading="Signals",
        pictures=(
            say.Picture(
                name="people",
                finding="Channels and line noise of each recording.",
                caption="**a**, channels that are used and that are bad. **b**, share of the variance at "
                "the mains "
                "before the notch: median over channels (circle) and largest (bar). n = "
                f"{len(shown)} recordings.",
                alt="Bars of used and bad channels, and marks for line noise, one row for each recording.",
                draw=plots.people,
                tables=(shown,),
            ),
            say.Picture(
                name="spectra",
                finding="Spectra of the processed signals.",
                caption=f"Median over the signals of a recording. n = {len(spectra)} recordings.",
                alt="One line for each recording, power against frequency.",
                draw=plots.spectra,
                tables=(pd.concat(spectra, ignore_index=True),),
            ),
        ),
        listings=(
            say.listing("bandpower", "Log10 power in bands (µV²), mean over windows.", powers, columns),
        ),
    )
