# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from patternc import ir
from patternc.errors import PatterncError

ADD = """
func.func @main(%x: tensor<2x3xf32>, %n: index) -> tensor<2x3xf32> {
  %w = arith.constant dense_resource<w> : tensor<2x3xf32>
  %y = arith.addf %x, %w : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
"""


def weights() -> np.ndarray:
    return np.arange(6, dtype=np.float32).reshape(2, 3)


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def constant(type_: str) -> str:
    return (
        f"func.func @main() -> {type_} {{\n"
        f"  %w = arith.constant dense_resource<w> : {type_}\n"
        f"  return %w : {type_}\n}}"
    )


@pytest.mark.parametrize("as_type", [str, str.encode], ids=["str", "bytes"])
def test_text_roundtrip(as_type):
    text = str(ir.Module.parse(as_type("func.func @main() { return }")))
    assert "func.func @main()" in text
    assert str(ir.Module.parse(text)) == text


def test_parse_error_tells_the_place():
    with pytest.raises(ir.MLIRError) as caught:
        ir.Module.parse("module {\n  func.func @f() {\n    %0 = arith.addf\n", filename="net.mlir")
    assert isinstance(caught.value, PatterncError)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.severity == "error"
    assert (diagnostic.file, diagnostic.line) == ("net.mlir", 3)
    assert str(caught.value) == str(diagnostic)
    assert str(caught.value).startswith(f"net.mlir:3:{diagnostic.column}: error: ")


def test_parse_error_quotes_the_line_at_the_column():
    with pytest.raises(ir.MLIRError) as caught:
        ir.Module.parse("func.func @f() {\n  bogus.op\n}")
    lines = str(caught.value).splitlines()
    quoted = lines.index("    bogus.op")
    assert lines[quoted + 1] == "    ^"


def test_a_long_line_is_quoted_in_part():
    with pytest.raises(ir.MLIRError) as caught:
        ir.Module.parse(f"func.func @f() {{ {'return ' * 10_000}")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("source", ["func.func @f(", b"ML\xefR\x01truncated", b"\xff\xfe"])
def test_what_is_no_module(source):
    with pytest.raises(ir.MLIRError):
        ir.Module.parse(source)


def test_unregistered_dialects():
    text = 'func.func @main() { "other.op"() : () -> () return }'
    with pytest.raises(ir.MLIRError, match="other"):
        ir.Module.parse(text)
    context = ir.Context(allow_unregistered_dialects=True)
    assert context.allow_unregistered_dialects
    assert '"other.op"' in str(ir.Module.parse(text, context))


def test_the_pattern_dialect_is_registered():
    assert {"pattern", "linalg", "tensor", "func"} <= set(ir.Context().dialects)


def test_module_outlives_the_names_of_its_context():
    context = ir.Context()
    module = ir.Module.parse("func.func @main() { return }", context)
    assert module.context is context
    del context
    gc.collect()
    module.verify()


def test_resources_are_neither_copied_nor_writable():
    w = weights()
    module = ir.Module.parse(ADD, resources={"w": w, "not in the text": w})
    (name, view), *rest = module.resources().items()
    assert (name, rest) == ("w", [])
    assert address(view) == address(w)
    assert not view.flags.writeable
    np.testing.assert_array_equal(view, w)
    assert view.dtype == w.dtype


def test_resources_live_as_long_as_they_are_used():
    class Array(np.ndarray):
        """One that weak references may point to."""

    w = weights().view(Array)
    alive = weakref.ref(w)
    module = ir.Module.parse(ADD, resources={"w": w})
    view = module.clone().resources()["w"]
    del w, module
    gc.collect()
    np.testing.assert_array_equal(view, weights())
    assert alive() is not None
    del view
    gc.collect()
    assert alive() is None


def test_what_nobody_uses_is_freed():
    w = weights()
    alive = weakref.ref(w)
    module = ir.Module.parse(ADD, resources={"w": w})
    del w
    module.free_unused_resources()
    assert alive() is not None
    other = ir.Module.parse("func.func @main() { return }", module.context)
    other.free_unused_resources()
    assert alive() is None
    assert module.resources()["w"].size == 0


def test_what_an_array_looks_at_is_not_freed():
    module = ir.Module.parse(ADD, resources={"w": weights()})
    view = module.resources()["w"]
    ir.Module.parse("func.func @main() { return }", module.context).free_unused_resources()
    np.testing.assert_array_equal(view, weights())
    np.testing.assert_array_equal(module.resources()["w"], weights())


def test_text_without_resources_parses_back_with_them():
    module = ir.Module.parse(ADD, resources={"w": weights()})
    text = module.print(resources=False)
    assert "0x" not in text
    again = ir.Module.parse(text, resources=module.resources())
    assert str(again) == str(module)


def test_full_text_holds_the_resources():
    module = ir.Module.parse(str(ir.Module.parse(ADD, resources={"w": weights()})))
    np.testing.assert_array_equal(module.resources()["w"], weights())


def test_elided_text_says_so_when_it_is_parsed():
    text = (
        "func.func @main() -> tensor<4xf32> {\n"
        "  %w = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>\n"
        "  return %w : tensor<4xf32>\n}"
    )
    elided = ir.Module.parse(text).print(elide_large=2)
    assert "2.0" not in elided
    with pytest.raises(ir.MLIRError, match="elided when it was printed"):
        ir.Module.parse(elided, resources={})


@pytest.mark.parametrize(
    ("type_", "array"),
    [
        ("tensor<f32>", np.array(1.5, dtype=np.float32)),
        ("tensor<0x4xf32>", np.empty((0, 4), dtype=np.float32)),
        ("tensor<2xf16>", np.array([1, 2], dtype=np.float16)),
        ("tensor<2xf64>", np.array([1, 2], dtype=np.float64)),
        ("tensor<2xbf16>", np.array([0x3F80, 0x4000], dtype=np.uint16)),
        ("tensor<3xi1>", np.array([True, False, True])),
        ("tensor<2xi8>", np.array([-1, 2], dtype=np.int8)),
        ("tensor<2xui8>", np.array([1, 255], dtype=np.uint8)),
        ("tensor<2xi16>", np.array([-1, 2], dtype=np.int16)),
        ("tensor<2xi64>", np.array([-1, 2], dtype=np.int64)),
        ("tensor<2xindex>", np.array([1, 2], dtype=np.int64)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_element_types(type_, array):
    view = ir.Module.parse(constant(type_), resources={"w": array}).resources()["w"]
    assert view.dtype == array.dtype
    np.testing.assert_array_equal(view, array)


def test_flat_bytes_fit_every_type():
    data = weights()
    module = ir.Module.parse(ADD, resources={"w": data.tobytes()})
    np.testing.assert_array_equal(module.resources()["w"], data)


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({}, r"resource 'w' of type tensor<2x3xf32> has no data"),
        ({"w": weights()[:, :2]}, "C-contiguous"),
        ({"w": weights().T}, "C-contiguous"),
        ({"w": [1.0]}, "'w' is list without a C-contiguous buffer"),
        ({"w": weights()[:1].copy()}, "'w' has 12 bytes, but tensor<2x3xf32> needs 24"),
        ({"w": weights().astype(np.int32)}, "'w' has elements of buffer format 'i'"),
        ({"w": weights().astype(">f4")}, "'w' has elements of buffer format '>f'"),
        ({"w": weights().reshape(3, 2)}, "'w' has shape 3x2, but its type is tensor<2x3xf32>"),
    ],
)
def test_resources_that_do_not_fit(resources, message):
    with pytest.raises(ir.MLIRError, match=message):
        ir.Module.parse(ADD, resources=resources)


def test_a_context_takes_each_resource_once():
    # MLIR would rename the second module's 'w', and its data would be lost or, worse, another's.
    context = ir.Context()
    ir.Module.parse(ADD, context, resources={"w": weights()})
    with pytest.raises(ir.MLIRError, match="already holds a resource 'w'"):
        ir.Module.parse(ADD, context, resources={"w": weights()})


def test_data_in_the_text_and_beside_it():
    text = str(ir.Module.parse(ADD, resources={"w": weights()}))
    with pytest.raises(ir.MLIRError, match="'w' has data in the text already"):
        ir.Module.parse(text, resources={"w": weights()})


def test_verify_names_the_place():
    module = ir.Module.parse("func.func @main() { return }")
    module.verify()
    with pytest.raises(ir.MLIRError, match=r"a.mlir:2:\d+: error: .*return"):
        ir.Module.parse("func.func @main() -> f32 {\n  return\n}", filename="a.mlir")


def test_function_signature():
    module = ir.Module.parse(ADD, resources={"w": weights()})
    assert ir.function_signature(module, "main") == (
        [((2, 3), "f32"), (None, "index")],
        [((2, 3), "f32")],
    )
    dynamic = ir.Module.parse("func.func private @f(tensor<?x3xi64>, tensor<*xf32>)")
    assert ir.function_signature(dynamic, "f") == (
        [((None, 3), "i64"), (None, "tensor<*xf32>")],
        [],
    )
    with pytest.raises(ir.MLIRError, match="no function 'forward', but 'main'"):
        ir.function_signature(module, "forward")


def test_locations_and_generic_form():
    module = ir.Module.parse("func.func @main() { return }", filename="net.mlir")
    assert "net.mlir" not in str(module)
    assert 'loc("net.mlir":1:1)' in module.print(locations=True)
    assert '"func.func"()' in module.print(generic=True)


def test_contexts_in_threads():
    def roundtrip(seed: int) -> bool:
        w = np.full((2, 3), seed, dtype=np.float32)
        for _ in range(20):
            module = ir.Module.parse(ADD, resources={"w": w})
            module = ir.Module.parse(str(module))
        return bool((module.resources()["w"] == seed).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(roundtrip, range(4)))
