"""Numbers and texts out of a pickle file without running it: nothing is imported, nothing is called.

The file is a program for a small machine. Its instructions are followed here by hand, for the few that build
lists, dictionaries, texts, numbers and arrays; a class is a name, and an object of it a dictionary. Whatever
else there is makes the file an error.
"""

from __future__ import annotations

import math
import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_MARK = object()
_DTYPE = re.compile(r"[<>|=]?[fiub](?:1|2|4|8)")
_NUMPY = r"numpy(?:\._?core)?"
_PLAIN = re.compile(
    "NONE|NEWTRUE|NEWFALSE|INT|BININT[12]?|LONG[14]?|(?:BIN)?FLOAT|UNICODE|(?:SHORT_)?BINUNICODE8?|"
    "(?:SHORT_)?(?:BIN)?STRING|(?:SHORT_)?BINBYTES8?|BYTEARRAY8"
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True)
class _Name:
    """What the file calls a class or a function."""

    text: str


@dataclass
class _Number:
    """The type of an array, by name."""

    code: str


@dataclass
class _Array:
    """An array whose content follows."""

    value: Any = None


class Record(dict[str, Any]):
    """An object of any class: what was stored in it, by name."""


def read_inert(content: bytes) -> Any:
    """Return what a pickle file holds.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    object
        Lists, tuples, dictionaries (`Record` for objects), texts, numbers and arrays of numbers.

    Raises
    ------
    ValueError
        If it is damaged, or holds anything else.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if machine.step(opcode.name, argument):
                return _value(machine.stack[-1])
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"damaged: {type(error).__name__}") from error
    raise ValueError("damaged: it ends early")


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> bool:
        """Follow one instruction; True at the end."""
        stack = self.stack
        if name == "STOP":
            return True
        if _PLAIN.fullmatch(name):
            stack.append(_CONSTANTS.get(name, argument))
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            count = _TUPLES[name]
            stack[-count:] = [tuple(self._values(stack[-count:]))]
        elif name == "MARK":
            stack.append(_MARK)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name not in ("PROTO", "FRAME"):
            self._build(name, argument)
        return False

    def _build(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif name == "LIST":
            stack.append(self._since_mark())
        elif name == "DICT":
            stack.append(_paired(self._since_mark()))
        elif name == "APPEND":
            item = stack.pop()
            _a(list, stack[-1]).append(_value(item))
        elif name == "APPENDS":
            items = self._since_mark()
            _a(list, stack[-1]).extend(items)
        elif name == "SETITEM":
            pair = [stack.pop(), stack.pop()][::-1]
            _a(dict, stack[-1]).update(_paired(self._values(pair)))
        elif name == "SETITEMS":
            items = self._since_mark()
            _a(dict, stack[-1]).update(_paired(items))
        elif name == "GLOBAL":
            stack.append(_Name(str(argument).replace(" ", ".")))
        elif name == "STACK_GLOBAL":
            attribute, module = stack.pop(), stack.pop()
            stack.append(_Name(f"{_a(str, module)}.{_a(str, attribute)}"))
        elif name == "NEWOBJ":
            arguments, _ = stack.pop(), _a(_Name, stack[-1])
            if arguments != ():
                raise ValueError("it makes an object with arguments")
            stack[-1] = Record()
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            stack.append(_call(_a(_Name, function).text, _a(tuple, arguments)))
        elif name == "BUILD":
            state = stack.pop()
            _set_state(stack[-1], state)
        else:
            raise ValueError(f"it holds the instruction {name}")

    def _since_mark(self) -> list[Any]:
        start = len(self.stack) - 1
        while self.stack[start] is not _MARK:
            start -= 1
            if start < 0:
                raise ValueError("damaged: no mark")
        items = self._values(self.stack[start + 1 :])
        del self.stack[start:]
        return items

    @staticmethod
    def _values(items: list[Any]) -> list[Any]:
        return [_value(item) for item in items]


def _a(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"it needs a {kind.__name__} where a {type(value).__name__} is")
    return value


def _value(item: Any) -> Any:
    """Return what goes into a container: an array whose content came, and no mark."""
    if item is _MARK:
        raise ValueError("damaged: a mark in a container")
    return item.value if isinstance(item, _Array) and item.value is not None else item


def _paired(items: list[Any]) -> dict[str, Any]:
    keys, values = items[::2], items[1::2]
    return {_a(str, key): value for key, value in zip(keys, values, strict=True)}


def _call(name: str, arguments: tuple[Any, ...]) -> Any:
    """Return what a function would have made, for the few that make data."""
    if name == "_codecs.encode" and len(arguments) == 2 and arguments[1] in ("latin1", "latin-1"):
        return _a(str, arguments[0]).encode("latin-1")
    if name == "collections.OrderedDict" and not arguments:
        return {}
    if name in ("builtins.bytes", "__builtin__.bytes") and not arguments:
        return b""
    if re.fullmatch(r"(?:copyreg|copy_reg)\._reconstructor", name):
        return Record(arguments[2] if isinstance(arguments[2], dict) else {})
    if name == "numpy.dtype":
        code = _a(str, arguments[0])
        if not _DTYPE.fullmatch(code):
            raise ValueError(f"it holds an array of type {code!r:.40}")
        return _Number(code)
    if re.fullmatch(rf"{_NUMPY}\.multiarray\._reconstruct", name):
        return _Array()
    if re.fullmatch(rf"{_NUMPY}\.multiarray\.scalar", name):
        return _array(arguments[0], (), arguments[1], fortran=False).item()
    if re.fullmatch(rf"{_NUMPY}\.numeric\._frombuffer", name):
        content, kind, shape, order = arguments
        return _array(kind, shape, content, fortran=order == "F")
    raise ValueError(f"it calls {name!r:.80}")


def _set_state(item: Any, state: Any) -> None:
    if isinstance(item, _Array):
        _, shape, kind, fortran, content = state
        item.value = _array(kind, shape, content, fortran=bool(fortran))
    elif isinstance(item, _Number):
        if state[1] == ">":
            item.code = ">" + item.code.lstrip("<>|=")
    elif isinstance(item, Record):
        parts = state if isinstance(state, tuple) else (state,)
        for part in parts:
            if part is not None:
                item.update(_a(dict, part))
    else:
        raise ValueError(f"it sets the state of a {type(item).__name__}")


def _array(kind: Any, shape: Any, content: Any, *, fortran: bool) -> Any:
    dtype = np.dtype(_a(_Number, kind).code)
    raw = content.encode("latin-1") if isinstance(content, str) else content
    sizes = tuple(_a(int, size) for size in _a(tuple, shape))
    if not isinstance(raw, bytes | bytearray) or min(sizes, default=0) < 0:
        raise ValueError("it holds an array without content")
    if math.prod(sizes) * dtype.itemsize != len(raw):
        raise ValueError(f"it holds an array of shape {sizes} in {len(raw)} bytes")
    return np.frombuffer(raw, dtype=dtype).reshape(sizes, order="F" if fortran else "C")
