"""Parameters: everything that can change a number, checked, hashed and written to TOML or JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import numbers
import tomllib
import types
import typing
from dataclasses import dataclass
from typing import Any, Self

from neurosci._core.checks import check_option, suggest

NONE_WORD = "none"


def param(
    default: Any,
    *,
    doc: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    low_open: bool = False,
    high_open: bool = False,
    options: tuple[Any, ...] | None = None,
    source: str = "our default",
) -> Any:
    """Declare one parameter: default, meaning, unit, range and where its value comes from.

    Parameters
    ----------
    default : object
        Default value.
    doc : str
        Meaning, in one sentence.
    unit : str, default=""
        Unit; empty for a pure number.
    low, high : float, default=None
        Range of a number, or of each number of a tuple.
    low_open, high_open : bool, default=False
        Whether the ends are left out.
    options : tuple, default=None
        Allowed values instead of a range.
    source : str, default="our default"
        "paper", "paper's code", "our default", "our choice: ..." or "user".

    Returns
    -------
    dataclasses.Field
        Field of a `Params` dataclass.
    """
    about = {
        "doc": doc,
        "unit": unit,
        "low": low,
        "high": high,
        "low_open": low_open,
        "high_open": high_open,
        "options": options,
        "source": source,
    }
    return dataclasses.field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Params:
    """Base of the parameters of all analyses.

    Subclasses are frozen keyword-only dataclasses whose fields are declared with `param`.

    Parameters
    ----------
    preset : {"quick", "paper"}, default="quick"
        Set of parameters these values started from; a quick run never calls a claim different for
        want of samples.
    seed : int, default=0
        Seed of all random numbers.

    Raises
    ------
    ValueError
        If a value is outside its range.
    TypeError
        If a value is of the wrong type.
    """

    preset: str = param(
        "quick", options=("quick", "paper"), source="user", doc="Set of parameters to start from."
    )
    seed: int = param(0, low=0, source="user", doc="Seed of all random numbers.")

    def __post_init__(self) -> None:
        """Check and normalise every field."""
        for field in dataclasses.fields(self):
            where = type(self).__name__
            value = _coerce(where, field.name, getattr(self, field.name), _hints(type(self))[field.name])
            _check_range(where, field, value)
            object.__setattr__(self, field.name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: numbers, strings, lists, booleans and ``None``.

        Returns
        -------
        dict
            One entry per field.
        """
        return {
            field.name: list(value) if isinstance(value := getattr(self, field.name), tuple) else value
            for field in dataclasses.fields(self)
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build parameters from plain values.

        Parameters
        ----------
        values : dict
            Some or all fields; the others keep their defaults.

        Returns
        -------
        Params
            The parameters.

        Raises
        ------
        ValueError
            If a field is unknown; names the nearest one.
        """
        return cls(**_known(cls, values))

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed.

        Parameters
        ----------
        **changes : object
            New values; text is read as on the command line where the field is not text.

        Returns
        -------
        Params
            The changed copy.
        """
        return dataclasses.replace(self, **_known(type(self), changes))

    def to_json(self) -> str:
        """Return canonical JSON: sorted keys, no spaces.

        Returns
        -------
        str
            JSON text.
        """
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Build parameters from JSON.

        Parameters
        ----------
        text : str
            JSON object.

        Returns
        -------
        Params
            The parameters.
        """
        return cls.from_dict(_object(cls, "JSON", json.loads, text))

    def to_toml(self) -> str:
        """Return TOML with meaning, unit and range as comments.

        Returns
        -------
        str
            TOML text.
        """
        lines = []
        for field in dataclasses.fields(self):
            about = field.metadata
            detail = ", ".join(part for part in (about["unit"], describe_range(field)) if part)
            lines.append(f"# {about['doc']}" + (f" ({detail})" if detail else ""))
            lines.append(f"{field.name} = {_toml(getattr(self, field.name))}")
        return "\n".join(lines) + "\n"

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Build parameters from TOML.

        Parameters
        ----------
        text : str
            TOML document with one key per field.

        Returns
        -------
        Params
            The parameters.
        """
        return cls.from_dict(_object(cls, "TOML", tomllib.loads, text))

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that name these values."""
        content = f"{type(self).__name__}\n{self.to_json()}"
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def table(self) -> list[dict[str, str]]:
        """Return one record per field for the parameters table of a report.

        Returns
        -------
        list of dict
            Keys name, value, unit, range, source, doc.
        """
        return [
            {
                "name": field.name,
                "value": _show(getattr(self, field.name)),
                "unit": field.metadata["unit"],
                "range": describe_range(field),
                "source": self._source(field),
                "doc": field.metadata["doc"],
            }
            for field in dataclasses.fields(self)
        ]

    def _source(self, field: dataclasses.Field[Any]) -> str:
        declared = str(field.metadata["source"])
        changed = getattr(self, field.name) != field.default and self.preset == type(self)().preset
        return "user" if changed and declared != "user" else declared


def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _known(cls: type[Params], values: dict[str, Any]) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(cls)]
    for name in values:
        if name not in names:
            hint = suggest(str(name)[:100], names)
            raise ValueError(f"{cls.__name__}: unknown parameter {name!r:.100} ({hint})")
    return dict(values)


def _object(cls: type[Params], kind: str, parse: Any, text: str) -> dict[str, Any]:
    try:
        content = parse(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{cls.__name__}: the {kind} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(
            f"{cls.__name__}: the {kind} must be a table of parameters, got {type(content).__name__}"
        )
    return content


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _coerce(where: str, name: str, value: Any, hint: Any) -> Any:
    for option in _alternatives(hint):
        fits, result = _try(value, option)
        if fits:
            return result
    raise TypeError(f"{where}: {name} must be {_name(hint)}, got {value!r:.200} ({type(value).__name__})")


def _try(value: Any, kind: Any) -> tuple[bool, Any]:
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if kind is type(None):
        return value is None or value == NONE_WORD, None
    if typing.get_origin(kind) is tuple:
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            return False, None
        items = [_try(item, typing.get_args(kind)[0]) for item in value]
        return all(fits for fits, _ in items), tuple(item for _, item in items)
    if kind is bool:
        return isinstance(value, bool), value
    if isinstance(value, bool):
        return False, None
    if kind is int:
        return isinstance(value, numbers.Integral), value
    if kind is float:
        if not isinstance(value, numbers.Real):
            return False, None
        try:
            return True, float(value)
        except OverflowError:
            return False, None
    return kind is str and isinstance(value, str), value


def _name(hint: Any) -> str:
    names = {int: "an integer", float: "a number", str: "text", bool: "true or false", type(None): "none"}
    words = []
    for option in _alternatives(hint):
        if typing.get_origin(option) is tuple:
            words.append(f"a list whose items are each {names[typing.get_args(option)[0]]}")
        else:
            words.append(names[option])
    return " or ".join(words)


def _check_range(where: str, field: dataclasses.Field[Any], value: Any) -> None:
    about = field.metadata
    items = value if isinstance(value, tuple) else (value,)
    for item in items:
        if item is None:
            continue
        if about["options"] is not None:
            check_option(where, field.name, item, about["options"])
        elif isinstance(item, int | float) and not isinstance(item, bool):
            low, high = about["low"], about["high"]
            too_low = low is not None and (item < low or (about["low_open"] and item == low))
            too_high = high is not None and (item > high or (about["high_open"] and item == high))
            if (isinstance(item, float) and not math.isfinite(item)) or too_low or too_high:
                limits = describe_range(field) or "finite"
                within = "in " if limits[0] in "[(" else ""
                raise ValueError(f"{where}: {field.name} must be {within}{limits}, got {item}")


def describe_range(field: dataclasses.Field[Any]) -> str:
    """Describe what a field accepts.

    Parameters
    ----------
    field : dataclasses.Field
        Field declared with `param`.

    Returns
    -------
    str
        For example "(0, 1]", ">= 0" or "quick, paper".
    """
    about = field.metadata
    if about["options"] is not None:
        return ", ".join(str(option) for option in about["options"])
    low, high = about["low"], about["high"]
    if low is None and high is None:
        return ""
    if high is None:
        return f"{'>' if about['low_open'] else '≥'} {low:g}"
    if low is None:
        return f"{'<' if about['high_open'] else '≤'} {high:g}"
    return f"{'(' if about['low_open'] else '['}{low:g}, {high:g}{')' if about['high_open'] else ']'}"


def _toml(value: Any) -> str:
    if value is None:
        return f'"{NONE_WORD}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def _show(value: Any) -> str:
    if value is None:
        return NONE_WORD
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(_show(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def parse_assignment(cls: type[Params], text: str) -> tuple[str, Any]:
    """Read ``field=value`` as given on a command line.

    Parameters
    ----------
    cls : type
        Class of the parameters.
    text : str
        For example ``"criterion=0.4"`` or ``"noise_sd=0,0.02,0.04"``.

    Returns
    -------
    name : str
        The field.
    value : object
        Its value, of the field's type.

    Raises
    ------
    ValueError
        If the form, the field or the value is wrong.
    """
    name, separator, raw = text.partition("=")
    name = name.strip()
    if not separator or not name:
        raise ValueError(f"{cls.__name__}: a setting must be written field=value, got {text!r}")
    _known(cls, {name: raw})
    raw = raw.strip()
    for option in _alternatives(_hints(cls)[name]):
        fits, value = _read(raw, option)
        if fits:
            return name, value
    raise ValueError(f"{cls.__name__}: {name} must be {_name(_hints(cls)[name])}, got {raw!r}")


def _read(raw: str, kind: Any) -> tuple[bool, Any]:
    if kind is type(None):
        return raw.lower() == NONE_WORD, None
    if typing.get_origin(kind) is tuple:
        parts = [part.strip() for part in raw.strip("[]()").split(",") if part.strip()]
        items = [_read(part, typing.get_args(kind)[0]) for part in parts]
        return all(fits for fits, _ in items), tuple(value for _, value in items)
    if kind is bool:
        word = raw.lower()
        return word in ("true", "false", "yes", "no"), word in ("true", "yes")
    if kind in (int, float):
        try:
            return True, kind(raw)
        except ValueError:
            return False, None
    return True, raw
