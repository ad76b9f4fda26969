# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`spirv/binary.py` counts what is in the innermost loops, on a module written by hand."""

import struct

import pytest
from benchmarks.spirv.binary import SpirvError, Work, read_kernel


def op(opcode, *words):
    return [(1 + len(words)) << 16 | opcode, *words]


def text(words):
    data = words.encode() + b"\0"
    return struct.unpack(f"<{-(-len(data) // 4)}I", data.ljust(-(-len(data) // 4) * 4, b"\0"))


def module(*instructions):
    words = [0x07230203, 0x10000, 0, 100, 0, *(w for i in instructions for w in i)]
    return struct.pack(f"<{len(words)}I", *words)


FLOAT, VEC4, UINT, ULONG, LENGTH, ARRAY, BUFFER, SHARED, PRIVATE = range(10, 19)
POINTER, IN, TILE, LANES, MAIN, ONE, SET, VOID, KIND, TABLE = range(19, 29)
ENTRY, OUTER, INNER, STEP, NEXT, AFTER, END = range(40, 47)
A, B, PRODUCT, SUM, SCALAR, LONG, KEPT, MASK = range(50, 58)
BOOL, BOOLS = 60, 61

HEAD = (
    op(11, SET, *text("GLSL.std.450")),
    op(15, 5, MAIN, *text("kernel"), IN),
    op(16, MAIN, 17, 32, 2, 1),
    op(71, IN, 33, 3),  # binding
    op(71, IN, 34, 1),  # set
    op(19, VOID),
    op(33, KIND, VOID),
    op(22, FLOAT, 32),
    op(23, VEC4, FLOAT, 4),
    op(21, UINT, 32, 0),
    op(21, ULONG, 64, 0),
    op(20, BOOL),
    op(23, BOOLS, BOOL, 4),
    op(43, UINT, LENGTH, 20),
    op(43, FLOAT, ONE, 0x3F800000),
    op(28, ARRAY, VEC4, LENGTH),
    op(32, BUFFER, 12, VEC4),
    op(32, SHARED, 4, ARRAY),
    op(32, PRIVATE, 7, ARRAY),
    op(32, POINTER, 7, FLOAT),
    op(59, BUFFER, IN, 12),
    op(59, SHARED, TILE, 4),
    op(54, VOID, MAIN, 0, KIND),
)
LOADS = (op(61, VEC4, A, IN), op(61, VEC4, B, IN))
FMA = op(12, VEC4, SUM, SET, 50, A, B, A)
TAIL = (op(253), op(56))


def loops(*inner):
    """A loop with another one in it, with instructions."""
    return module(
        *HEAD,
        op(248, ENTRY),
        op(59, PRIVATE, LANES, 7),
        op(59, POINTER, KEPT, 7),
        op(249, OUTER),
        op(248, OUTER),
        op(246, END, NEXT, 0),
        op(250, ONE, INNER, END),
        op(248, INNER),
        op(246, AFTER, STEP, 0),
        op(250, ONE, STEP, AFTER),
        op(248, STEP),
        *inner,
        op(249, INNER),
        op(248, AFTER),
        op(61, VEC4, TABLE, IN),  # in the outer loop only
        op(249, NEXT),
        op(248, NEXT),
        op(249, OUTER),
        op(248, END),
        *TAIL,
    )


def test_the_innermost_loop_counts():
    mask = op(80, BOOLS, MASK, KEPT, KEPT, KEPT, KEPT)
    kernel = read_kernel(loops(*LOADS, FMA, mask, op(132, ULONG, LONG, LONG, LONG)))
    assert kernel.name == "kernel"
    assert kernel.threads == (32, 2, 1)
    assert kernel.inner_loops == (Work(loops=1, multiply_adds=4, loads=2, widest_load=4),)
    assert kernel.inner_loops[0].multiply_adds_a_load == 2
    assert kernel.workgroup_bytes == 20 * 16
    assert kernel.private_arrays == (20,)  # and not the one number
    assert kernel.largest_vector == 4
    assert kernel.long_integers == 1
    assert kernel.bindings == ((1, 3),)


def test_a_product_that_is_added_is_a_multiply_add():
    product, total = op(133, FLOAT, PRODUCT, ONE, ONE), op(129, FLOAT, SCALAR, ONE, PRODUCT)
    (work,) = read_kernel(loops(product, total)).inner_loops
    assert work == Work(loops=1, multiply_adds=1, loads=0, widest_load=0)
    assert read_kernel(loops(product, op(129, FLOAT, SCALAR, ONE, ONE))).inner_loops == ()


def test_what_a_thread_keeps_is_no_load():
    (work,) = read_kernel(loops(*LOADS, FMA, op(61, FLOAT, SCALAR, KEPT))).inner_loops
    assert work.loads == 2


def test_without_a_loop_the_whole_kernel_counts():
    kernel = read_kernel(module(*HEAD, op(248, ENTRY), *LOADS, FMA, *TAIL))
    assert kernel.inner_loops == (Work(loops=0, multiply_adds=4, loads=2, widest_load=4),)


@pytest.mark.parametrize(
    "binary",
    [b"", b"12345", module()[:4], module(*HEAD)[:-4], module(op(71, 1)), b"\0" * 40],
)
def test_what_is_no_module_is_refused(binary):
    with pytest.raises(SpirvError):
        read_kernel(binary)


def test_every_cut_is_refused_or_read():
    whole = loops(*LOADS, FMA)
    for size in range(len(whole)):
        try:
            read_kernel(whole[:size])
        except SpirvError:
            continue
