# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Arguments and results in the model's own structure, compiled, saved and loaded."""

import collections
import copy
import dataclasses
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils import _pytree as pytree

from patternc import compile, load
from patternc.errors import ModelError, TargetError
from patternc.frontends import import_model
from vulkan import require_vulkan

pytestmark = [pytest.mark.iree, pytest.mark.torch]

Box = collections.namedtuple("Box", "low high")


@dataclasses.dataclass
class Scores:
    best: torch.Tensor
    rest: list[torch.Tensor] | None = None


torch.export.register_dataclass(Scores, serialized_type_name="tests.Scores")


@dataclasses.dataclass
class ModelOutput(collections.OrderedDict):
    """A dict, a dataclass and a node of its own kind, as the outputs of transformers are."""

    logits: torch.Tensor | None = None
    hidden: torch.Tensor | None = None

    def __post_init__(self):
        super().update({k: v for k, v in vars(self).items() if v is not None})


pytree.register_pytree_node(
    ModelOutput,
    lambda output: (list(output.values()), list(output.keys())),
    lambda values, keys: ModelOutput(**dict(zip(keys, values, strict=True))),
    serialized_type_name="tests.ModelOutput",
    flatten_with_keys_fn=lambda output: (
        [(pytree.MappingKey(k), v) for k, v in output.items()],
        list(output.keys()),
    ),
)


class Apply(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *args, **kwargs):
        return self.function(*args, **kwargs)


X = torch.randn(2, 3)

RESULTS = {
    "tensor": lambda x: x + 1,
    "tuple of one": lambda x: (x + 1,),
    "list": lambda x: [x + 1, x * 2],
    "dict": lambda x: {"out": x + 1, "aux": None, "width": x.shape[1], 3: x * 2, "name": "n"},
    "nested": lambda x: ({"a": [x + 1, (x * 2,)]}, True, 0.5, []),
    "namedtuple": lambda x: Box(x - 1, high=x + 1),
    "dataclass": lambda x: Scores(x + 1),
    "dataclass with a list": lambda x: Scores(x + 1, [x * 2]),
    "ordered dict": lambda x: collections.OrderedDict(b=x + 1, a=x * 2),
    "ModelOutput": lambda x: ModelOutput(logits=x + 1),
    "input": lambda x: {"same": x, "twice": [x + 1] * 2},
}


def assert_equal(found, expected):
    found, found_tree = pytree.tree_flatten(found)
    expected, tree = pytree.tree_flatten(expected)
    assert len(found) == len(expected), (found_tree, tree)
    for a, b in zip(found, expected, strict=True):
        if isinstance(b, torch.Tensor):
            torch.testing.assert_close(torch.as_tensor(a), b)
        else:
            assert type(a) is type(b) and a == b


@pytest.mark.parametrize("case", RESULTS)
def test_result(case, tmp_path):
    model = Apply(RESULTS[case])
    expected = model(X)
    module = compile(model, (X,))
    module.save(tmp_path / "m.patternc")
    loaded = load(tmp_path / "m.patternc")
    assert loaded.manifest == module.manifest
    for each in (module, loaded, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        found = each(X)
        if case != "ordered dict":  # comes back as a dict, which is ordered
            assert type(found) is type(expected)
        assert_equal(dict(found) if case == "ordered dict" else found, model(X))
        if case == "ordered dict":
            assert list(found) == ["b", "a"]
    assert isinstance(pytree.tree_leaves(module(X.numpy()))[0], np.ndarray)


def test_named_tuples_of_operators(tmp_path):
    module = compile(Apply(lambda x: {"best": x.max(1), "two": x.topk(2)}), (X,))
    module.save(tmp_path / "m.patternc")
    for each in (module, load(tmp_path / "m.patternc")):
        found = each(X)
        values, indices = found["best"]
        torch.testing.assert_close(values, X.max(1).values)
        assert torch.equal(indices, X.max(1).indices)
        assert found["best"].indices is indices
        torch.testing.assert_close(found["two"].values, X.topk(2).values)


def test_class_of_a_loaded_artefact_in_another_process(tmp_path):
    compile(Apply(lambda x: (Box(x, x + 1), Scores(x))), (X,)).save(tmp_path / "m.patternc")
    script = """
import sys
import numpy as np
import patternc
box, scores = patternc.load(sys.argv[1])(np.ones((2, 3), np.float32))
assert box._fields == ("low", "high") and (box.high == 2).all() and scores.rest is None
assert type(scores).__name__ == "Scores" and "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "m.patternc")], check=True)


def nested(batch, boxes, /, scale=2, *, mask=None, mode="add", extra=None):
    result = batch["image"] * scale + boxes[0].high
    if mode == "add" and mask is not None:
        result = result + mask
    return result if extra is None else result - extra[0]


def test_nested_arguments_and_keywords(tmp_path):
    args = ({"image": X, "ids": None}, [Box(X * 2, X * 3)])
    keywords = {"mask": torch.randn(3), "mode": "add", "extra": (X / 2,)}
    module = compile(Apply(nested), args, keywords)
    names = [spec.name for spec in module.manifest.inputs]
    assert len(names) == 5 and any("image" in name for name in names), names
    module.save(tmp_path / "m.patternc")
    for each in (module, load(tmp_path / "m.patternc")):
        torch.testing.assert_close(each(*args, **keywords), nested(*args, **keywords))
        each.prepare(*args, **keywords)()

    def refused(message, *args, **keywords):
        with pytest.raises(ModelError, match=message):
            module(*args, **keywords)

    refused(r"takes 5 arguments .*mode='add'.*, but was given 2", *args)
    refused(
        r"argument 1\['image'\] \('.*'\) has shape \(2,\)",
        {"image": X[:, 0], "ids": None},
        args[1],
        **keywords,
    )
    refused(
        r"argument 1\['ids'\] is 3, but .* compiled for None",
        {"image": X, "ids": 3},
        args[1],
        **keywords,
    )
    refused(
        r"argument 'mode' is 'sub', but .* compiled for 'add'", *args, **keywords | {"mode": "sub"}
    )
    refused(r"argument 2\[0\] is a tuple, expected a Box", args[0], [(X, X)], **keywords)


def test_keywords_alone():
    module = compile(Apply(lambda *, x: x + 1), example_kwargs={"x": X})
    torch.testing.assert_close(module(x=X), X + 1)


def test_exported_program_with_keywords():
    program = torch.export.export(Apply(lambda x, *, y: {"sum": x + y}), (X,), {"y": X})
    torch.testing.assert_close(compile(program)(X, y=X)["sum"], X + X)


DTYPES = {
    "bool": lambda x: (x, ~x, torch.where(x, 1.0, 2.0)),
    "uint8": lambda x: (x, x.float() / 255, x.int() - 200, x[1:], x.t(), x.long() >= 200),
    "int8": lambda x: (x, x.float() * 2, x.int() * 3),
    "int16": lambda x: (x, x + 3, x // 2),
    "int32": lambda x: (x, x - 1, x.float()),
    "int64": lambda x: (x, x * 2),
    "float16": lambda x: (x, x.float() + 1),
    "float32": lambda x: (x > 0, (x.abs() * 50).to(torch.uint8), x.int(), x.half()),
}


@pytest.mark.parametrize("scalar", [False, True], ids=["tensor", "scalar"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "target", ["llvm-cpu", "vmvx", pytest.param("vulkan", marks=pytest.mark.vulkan)]
)
def test_dtypes(target, dtype, scalar):
    kind = getattr(torch, dtype)
    values = torch.tensor([[0.0, 1, 100, -3, 2], [70, 30, 7, 1, 0], [3, 4, 5, 6, 1]])
    if dtype == "uint8":
        values = values.abs() * 2.5
    x = values.to(kind)
    function = DTYPES[dtype]
    if scalar:
        x, function = x[1, 0].clone(), lambda x: [x.clone(), x.float() * 2]
    if target == "vulkan":
        require_vulkan()
    refused = (target == "vulkan" and x.element_size() < 4) or (
        (target, dtype) == ("vmvx", "float16")
    )
    if target != "llvm-cpu" and dtype == "float32" and not scalar:
        refused = True  # its results are narrow
    if refused:
        with pytest.raises(TargetError, match=f"which IREE does not compute with on '{target}'"):
            compile(Apply(function), (x,), target=target)
        return
    module = compile(Apply(function), (x,), target=target)
    expected = function(x)
    for found in (module(x), module(x.numpy()), module(x.numpy()[()])):
        for result, reference in zip(found, expected, strict=True):
            result = torch.as_tensor(result)
            assert result.shape == reference.shape and result.dtype == reference.dtype
            torch.testing.assert_close(result, reference)


@pytest.mark.parametrize(
    "function", [lambda x: x * 2, lambda x: x >= 200, lambda x: torch.cat([x, x.int()])]
)
def test_arithmetic_of_bytes_is_refused(function):
    """torch-mlir crashes or gets it wrong."""
    with pytest.raises(ModelError, match=r"computes with 8-bit integers.*convert them first"):
        import_model(Apply(function), (torch.zeros(4, dtype=torch.uint8),))


def test_weights_that_nothing_reads():
    model = Apply(lambda x: x + 1)
    model.register_buffer("step", torch.zeros((), dtype=torch.float64))
    model.register_buffer("spectrum", torch.zeros(3, dtype=torch.complex64))
    model.register_buffer("best", torch.tensor(float("inf")))
    model.register_buffer("table", torch.eye(3).to_sparse())
    model.head = nn.Linear(3, 3, dtype=torch.bfloat16)
    torch.testing.assert_close(compile(model, (X,))(X), X + 1)
    torch.testing.assert_close(compile(torch.export.export(model, (X,)))(X), X + 1)


def test_mlir_keeps_a_plain_tuple():
    text = "func.func @main(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) " \
        "{ return %x, %x : tensor<2x3xf32>, tensor<2x3xf32> }"  # fmt: skip
    assert isinstance(compile(text)(X), tuple)


@pytest.mark.parametrize("dtype", ["f64", "i4", "bf16"])
def test_dtype_of_mlir(dtype):
    """IREE takes float64 for float32, so that memory would be read beyond its end."""
    kind = f"tensor<2x{dtype}>"
    text = f"func.func @main(%x: {kind}) -> {kind} {{ return %x : {kind} }}"
    with pytest.raises(ModelError, match=f"input 'input0' is a tensor of {dtype}, expected one of"):
        compile(text)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x.sum().item(), "output 0 of the model is a number that depends on its input"),
        (lambda x: (None, 3), "the model returns no tensor"),
        (lambda x: {(1, 2): x + 1}, "a dict with the keys"),
    ],
)
def test_refused_results(function, message):
    with pytest.raises(ModelError, match=message):
        import_model(Apply(function), (X,))
