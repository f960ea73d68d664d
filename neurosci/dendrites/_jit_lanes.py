"""Words of 512 bits in compiled loops: LLVM maps them to the widest registers of the machine.

A loop over 64-bit words leaves that choice to the compiler, which takes half of the width and tests at
run time whether rows overlap in memory. Imported inside functions only, as `_jit`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

WORDS = 8
"""Words of 64 bits, one bit per pattern."""
_VECTOR = ir.VectorType(ir.IntType(64), WORDS)
_INDICES = ir.VectorType(ir.IntType(32), WORDS)


class LanesType(types.Type):
    """Type of 512 bits; values live in registers and never leave compiled code."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


LANES = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


def built_in(function: Any) -> Any:
    """Make a function of compiled code out of one that writes its instructions."""
    return intrinsic(function)


def _bitwise(method: str) -> Any:
    """Return a compiled operation on two values by the name of the instruction's builder."""

    @built_in
    def operation(_, a, b):  # type: ignore[no-untyped-def]
        def generate(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            return getattr(builder, method)(*arguments)

        return LANES(a, b), generate

    return operation


both, either, differ, plus = (_bitwise(method) for method in ("and_", "or_", "xor", "add"))


def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


@built_in
def load(_, words, index):  # type: ignore[no-untyped-def]
    """Read eight words from a contiguous array of uint64, without a check of bounds."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        place = context.cast(builder, arguments[1], signature.args[1], types.intp)
        return builder.load(_address(context, builder, signature.args[0], arguments[0], place), align=8)

    return LANES(words, index), generate


@built_in
def store(_, words, index, value):  # type: ignore[no-untyped-def]
    """Write eight words into a contiguous array of uint64, without a check of bounds."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        place = context.cast(builder, arguments[1], signature.args[1], types.intp)
        address = _address(context, builder, signature.args[0], arguments[0], place)
        builder.store(arguments[2], address, align=8)
        return context.get_dummy_value()

    return types.void(words, index, value), generate


@built_in
def repeat(_, _word):  # type: ignore[no-untyped-def]
    """Return one uint64 in all eight places."""

    def generate(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
        empty = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(empty, arguments[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(first, empty, ir.Constant(_INDICES, [0] * WORDS))

    return LANES(types.uint64), generate


def _library(name: str, result: Any, kind: Any) -> Any:
    """Return a compiled operation on one value by the name of LLVM's own function."""

    @built_in
    def operation(_, a):  # type: ignore[no-untyped-def]
        def generate(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]
            function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
                builder.module, ir.FunctionType(kind, [_VECTOR]), f"llvm.{name}.v{WORDS}i64"
            )
            return builder.call(function, arguments)

        return result(a), generate

    return operation


count_ones = _library("ctpop", LANES, _VECTOR)
total = _library("vector.reduce.add", types.int64, ir.IntType(64))
