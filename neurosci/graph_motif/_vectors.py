"""Instructions on vectors of bits for compiled loops. They import numba: import them inside functions only.

The loops that count bits are written as vectors of eight words (512 bits), which every processor that LLVM
knows can run: one instruction each where there is AVX-512, several elsewhere. A plain loop would be
compiled to half of that width.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 8  # words in a vector: rows are padded to whole vectors


def _declare(builder: Any, name: str, returned: Any, *taken: Any) -> Any:
    """Return an instruction of LLVM as a function."""
    function = ir.FunctionType(returned, taken)
    return cgutils.get_or_insert_function(builder.module, function, name)  # type: ignore[no-untyped-call]


def _counter(n_left: int, n_right: int) -> Any:
    """Return an intrinsic: bits in common of each of `n_left` rows with each of `n_right` rows.

    Its arguments are addresses of the rows and the number of vectors; it returns the counts, row by row.
    """
    n_rows, n_counts = n_left + n_right, n_left * n_right

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        vector, word = ir.VectorType(ir.IntType(64), LANES), ir.IntType(64)
        rows = [builder.inttoptr(row, vector.as_pointer()) for row in arguments[:n_rows]]
        n_vectors = arguments[n_rows]
        count = _declare(builder, f"llvm.ctpop.v{LANES}i64", vector, vector)
        total = _declare(builder, f"llvm.vector.reduce.add.v{LANES}i64", word, vector)
        before, body = builder.block, builder.append_basic_block("count.body")
        after = builder.append_basic_block("count.end")
        empty = ir.Constant(vector, [0] * LANES)
        builder.cbranch(
            builder.icmp_signed(">", n_vectors, ir.Constant(word, 0)),
            body,
            after,
        )
        builder.position_at_end(body)
        index = builder.phi(word)
        sums = [builder.phi(vector) for _ in range(n_counts)]
        loaded = []
        for row in rows:
            value = builder.load(builder.gep(row, [index]))
            value.align = 8
            loaded.append(value)
        left, right = loaded[:n_left], loaded[n_left:]
        pairs = [(a, b) for a in left for b in right]
        grown = [
            builder.add(s, builder.call(count, [builder.and_(a, b)]))
            for s, (a, b) in zip(sums, pairs, strict=True)
        ]
        following = builder.add(index, ir.Constant(word, 1))
        builder.cbranch(builder.icmp_signed("<", following, n_vectors), body, after)
        index.add_incoming(ir.Constant(word, 0), before)
        index.add_incoming(following, body)
        for s, g in zip(sums, grown, strict=True):
            s.add_incoming(empty, before)
            s.add_incoming(g, body)
        builder.position_at_end(after)
        results = []
        for g in grown:
            last = builder.phi(vector)
            last.add_incoming(empty, before)
            last.add_incoming(g, body)
            results.append(last)
        counts = [builder.call(total, [last]) for last in results]
        if n_counts == 1:
            return counts[0]
        made = ir.Constant(ir.ArrayType(word, n_counts), ir.Undefined)
        for i, value in enumerate(counts):
            made = builder.insert_value(made, value, i)
        return made

    returned = types.int64 if n_counts == 1 else types.UniTuple(types.int64, n_counts)  # type: ignore[no-untyped-call]
    return returned(*[types.int64] * (n_rows + 1)), generate


_ONE, _FOUR, _EIGHT = _counter(1, 1), _counter(1, 4), _counter(2, 4)


def _common_1(typing: Any, left: Any, right: Any, n_vectors: Any) -> Any:  # noqa: ARG001
    """Count the bits that two rows have in common."""
    return _ONE


def _common_4(typing: Any, left: Any, r0: Any, r1: Any, r2: Any, r3: Any, n_vectors: Any) -> Any:  # noqa: ARG001
    """Count the bits that one row has in common with each of four."""
    return _FOUR


def _common_8(typing: Any, l0: Any, l1: Any, r0: Any, r1: Any, r2: Any, r3: Any, n_vectors: Any) -> Any:  # noqa: ARG001
    """Count the bits that each of two rows has in common with each of four."""
    return _EIGHT


def _outside_64(typing: Any, address: Any, low: Any, high: Any) -> Any:  # noqa: ARG001
    """Return one bit for each of 64 float32 numbers: whether it is below `low` or above `high`."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place, lower, upper = arguments
        vector = ir.VectorType(ir.FloatType(), 64)
        values = builder.load(builder.inttoptr(place, vector.as_pointer()))
        values.align = 4
        integer = ir.IntType(32)

        def spread(limit: Any) -> Any:
            one = builder.insert_element(ir.Constant(vector, ir.Undefined), limit, ir.Constant(integer, 0))
            zeros = ir.Constant(ir.VectorType(integer, 64), [0] * 64)
            return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)

        bits = builder.or_(
            builder.fcmp_ordered("<", values, spread(lower)), builder.fcmp_ordered(">", values, spread(upper))
        )
        return builder.bitcast(bits, ir.IntType(64))

    return types.uint64(types.int64, types.float32, types.float32), generate


def _bits_in(typing: Any, word: Any) -> Any:  # noqa: ARG001
    """Count the bits of a word."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.call(_declare(builder, "llvm.ctpop.i64", ir.IntType(64), ir.IntType(64)), arguments)

    return types.int64(types.uint64), generate


def _lowest_bit(typing: Any, word: Any) -> Any:  # noqa: ARG001
    """Return the place of the lowest bit of a word that is not zero."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        find = _declare(builder, "llvm.cttz.i64", ir.IntType(64), ir.IntType(64), ir.IntType(1))
        return builder.call(find, [arguments[0], ir.Constant(ir.IntType(1), 1)])

    return types.int64(types.uint64), generate


# Any: their callers are compiled, and give all arguments but the first.
common_1: Any = intrinsic(_common_1)
common_4: Any = intrinsic(_common_4)
common_8: Any = intrinsic(_common_8)
outside_64: Any = intrinsic(_outside_64)
bits_in: Any = intrinsic(_bits_in)
lowest_bit: Any = intrinsic(_lowest_bit)
