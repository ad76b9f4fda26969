"""A PyTorch model to an exported program that the rest of the frontend can rely on.

After `export` the program is in evaluation mode, decomposed to core ATen, static in shape, free of
side effects, and its weights are finite numbers of a dtype that has a place in MLIR.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind, TensorArgument
from torch.nn.parameter import is_lazy

from patternc.errors import ModelError
from patternc.frontends.decompositions import decomposition_table
from patternc.tensor_spec import TensorSpec

_DTYPES = {
    torch.float32: "float32",
    torch.int64: "int64",
    torch.int32: "int32",
    torch.int16: "int16",
    torch.int8: "int8",
    torch.bool: "bool",
}
_INPUT_DTYPES = (torch.float32, torch.int64)


def export(model: Any, example_args: Any) -> ExportedProgram:
    """Exports a module, or takes an exported program, and checks it.

    Returns:
      A program of its own graph, signature and state dict, so that it can be edited. Its tensors
      are the model's.
    """
    if isinstance(model, ExportedProgram):
        program = model
        _check_weights({**program.constants, **program.state_dict}.items())
        if example_args is not None:
            _check_args_fit(program, example_args)
    elif isinstance(model, torch.nn.Module):
        _check_weights([*model.named_parameters(), *model.named_buffers()])
        _check_args(example_args)
        program = _capture(model, example_args)
    else:
        raise ModelError(
            f"expected a torch.nn.Module or a torch.export.ExportedProgram, "
            f"but got {type(model).__name__}"
        )
    signature(program)
    _check_elements(program)
    with _quiet():
        program = program.run_decompositions(decomposition_table())
    _check_elements(program)
    _remove_side_effects_(program)
    return program


def signature(program: ExportedProgram) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """The inputs and outputs of a program, as the compiled function will have them."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    inputs = tuple(
        _tensor_spec(f"input '{spec.arg.name}'", spec.arg.name, values[spec.arg.name])
        for spec in program.graph_signature.input_specs
        if spec.kind == InputKind.USER_INPUT and isinstance(spec.arg, TensorArgument)
    )
    for spec in inputs:
        if spec.dtype not in (_DTYPES[dtype] for dtype in _INPUT_DTYPES):
            raise ModelError(
                f"input '{spec.name}' has the unsupported dtype {spec.dtype}; "
                f"expected float32 or int64"
            )
    results = [
        spec.arg
        for spec in program.graph_signature.output_specs
        if spec.kind == OutputKind.USER_OUTPUT
    ]
    for index, result in enumerate(results):
        if not isinstance(result, TensorArgument):
            raise ModelError(f"output {index} of the model is not a tensor; return tensors only")
    outputs = tuple(
        _tensor_spec(f"output {index}", f"output{index}", values[result.name])
        for index, result in enumerate(results)
    )
    return inputs, outputs


def _tensor_spec(what: str, name: str, value: torch.Tensor) -> TensorSpec:
    shape = tuple(value.shape)
    if not all(isinstance(size, int) for size in shape):
        raise ModelError(
            f"{what} has the dynamic shape ({', '.join(map(str, shape))}), but only static shapes "
            f"are supported; fix its sizes, and export without dynamic_shapes"
        )
    if value.dtype not in _DTYPES:
        raise ModelError(
            f"{what} has the unsupported dtype {_name(value.dtype)}; compute in float32"
        )
    return TensorSpec(name, shape, _DTYPES[value.dtype])


def _check_args(example_args: Any) -> None:
    if example_args is None:
        raise ModelError(
            "example_args is missing: a module needs a tuple of example tensors, such as "
            "(torch.randn(1, 3, 224, 224),)"
        )
    if not isinstance(example_args, tuple):
        raise ModelError(
            f"example_args must be a tuple of tensors, but is a {type(example_args).__name__}; "
            f"write (x,) for one tensor"
        )
    for index, arg in enumerate(example_args):
        if not isinstance(arg, torch.Tensor):
            raise ModelError(
                f"example_args must be a tuple of tensors, but argument {index} is a "
                f"{type(arg).__name__}"
            )
        if arg.dtype not in _INPUT_DTYPES:
            raise ModelError(
                f"argument {index} of example_args has the unsupported dtype {_name(arg.dtype)}; "
                f"expected float32 or int64"
            )


def _check_args_fit(program: ExportedProgram, example_args: Any) -> None:
    _check_args(example_args)
    expected = [(spec.shape, spec.dtype) for spec in signature(program)[0]]
    found = [(tuple(arg.shape), _DTYPES[arg.dtype]) for arg in example_args]
    if found != expected:
        raise ModelError(
            f"example_args are {_shapes(found)}, but the program was exported for "
            f"{_shapes(expected)}"
        )


def _check_weights(weights: Iterable[tuple[str, Any]]) -> None:
    for name, weight in weights:
        if not isinstance(weight, torch.Tensor):
            continue
        if is_lazy(weight):
            raise ModelError(f"'{name}' has no shape yet; run the model once before compiling it")
        if weight.is_meta:
            raise ModelError(f"'{name}' is on the meta device and holds no data; load its weights")
        if weight.layout != torch.strided:
            raise ModelError(
                f"'{name}' has the layout {_name(weight.layout)}; expected a dense one"
            )
        if weight.dtype not in _DTYPES:
            raise ModelError(
                f"'{name}' has the unsupported dtype {_name(weight.dtype)}; expected float32, "
                f"which model.float() gives"
            )
        if weight.is_floating_point() and not is_finite(weight):
            raise ModelError(f"'{name}' holds NaN or infinite values")


def _check_elements(program: ExportedProgram) -> None:
    """Refuses tensors without elements, by which torch-mlir divides."""
    targets = {spec.arg.name: spec.target for spec in program.graph_signature.input_specs}
    for node in program.graph.nodes:
        value = node.meta.get("val")
        if not isinstance(value, torch.Tensor) or 0 not in value.shape or not node.users:
            continue
        if node.op != "placeholder":
            what = f"the result '{node.name}' of operator {node.target}{layer_of(node)}"
        elif (target := targets.get(node.name)) is not None:
            what = f"'{target}'"
        else:
            what = f"input '{node.name}'"
        raise ModelError(
            f"{what} has the shape ({', '.join(map(str, value.shape))}) and so no elements; "
            f"expected at least one"
        )


def _capture(model: torch.nn.Module, example_args: tuple[torch.Tensor, ...]) -> ExportedProgram:
    with _evaluation_mode(model), _quiet():
        try:
            return torch.export.export(model, example_args)
        # Whatever the model's own code raises when it is traced comes out here.
        except Exception as error:
            raise ModelError(
                f"torch.export cannot capture {type(model).__name__}: {first_line(error)}"
            ) from error


@contextmanager
def _evaluation_mode(model: torch.nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _quiet() -> Iterator[None]:
    """Hides one deprecation of PyTorch's own, which its export code runs into by itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*treespec, LeafSpec", FutureWarning)
        yield


def _remove_side_effects_(program: ExportedProgram) -> None:
    outputs = program.graph_signature.output_specs
    for spec in outputs:
        if spec.kind not in (OutputKind.USER_OUTPUT, OutputKind.USER_INPUT_MUTATION):
            raise ModelError(
                f"the program changes '{spec.target}' when it runs; export the model after "
                f"model.eval(), and keep no state in it"
            )
    for node in program.graph.nodes:
        if torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ()):
            raise ModelError(
                f"operator {node.target}{layer_of(node)} draws random numbers; export the model "
                f"after model.eval()"
            )
    # The compiled function has values and no memory: an in-place change of an argument, as an
    # in-place ReLU makes first thing in a model, ends with the call.
    outputs[:] = [spec for spec in outputs if spec.kind == OutputKind.USER_OUTPUT]


def layer_of(node: torch.fx.Node) -> str:
    """Where in the model a node comes from, to follow its name in a message."""
    path = layer_path(node)
    return f" in layer '{path}'" if path else ""


def layer_path(node: torch.fx.Node) -> str:
    """The qualified name of the module that a node comes from, empty for the model itself."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    return stack[-1][0] if stack else ""


def is_finite(tensor: torch.Tensor) -> bool:
    """Whether a tensor is free of NaN and infinity, found without a mask of its own size."""
    return not tensor.numel() or all(bound.isfinite() for bound in tensor.detach().aminmax())


def first_line(error: Exception) -> str:
    """What an error says in short; some of PyTorch's go on for pages."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _name(torch_constant: torch.dtype | torch.layout) -> str:
    return str(torch_constant).removeprefix("torch.")


def _shapes(specs: list[tuple[tuple[int, ...], str]]) -> str:
    return ", ".join(f"{dtype}{list(shape)}" for shape, dtype in specs) or "no tensors"
