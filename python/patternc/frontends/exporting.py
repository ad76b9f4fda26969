# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A PyTorch model to an exported program that the rest of the frontend can rely on.

After `export` the program is in evaluation mode, decomposed to core ATen, static in shape, free of
side effects, and its weights are finite numbers of a dtype that has a place in MLIR.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import (
    ConstantArgument,
    InputKind,
    OutputKind,
    TensorArgument,
)
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

from patternc.errors import ModelError
from patternc.frontends.decompositions import decomposition_table
from patternc.frontends.structures import structure_of
from patternc.runtime.structure import Constant, Structure
from patternc.tensor_spec import TensorSpec

_DTYPES = {
    torch.float32: "float32",
    torch.int64: "int64",
    torch.int32: "int32",
    torch.int16: "int16",
    torch.int8: "int8",
    torch.bool: "bool",
}
# Those that come in or go out; a weight has none of them.
_EDGE_DTYPES = _DTYPES | {torch.uint8: "uint8", torch.float16: "float16"}
_QUANTIZED = "quantized_decomposed"  # namespace of the operators of quantised programs


@dataclass(frozen=True)
class Signature:
    """The tensors that the compiled function takes and gives, and where they are in the model's.

    Attributes:
      arguments: a tuple of the positional arguments and of a dict of those by keyword.
      result: what the model returns.
      classes: the model's own classes in the result, by `Structure.class_name`.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    arguments: Structure | None
    result: Structure | None
    classes: dict[str, type] = field(default_factory=dict)


def export(
    model: Any, example_args: Any, example_kwargs: dict[str, Any] | None = None
) -> ExportedProgram:
    """Exports a module, or takes an exported program, and checks it.

    Returns:
      A program of its own graph, signature and state dict, so that it can be edited. Its tensors
      are the model's.
    """
    if example_args is None and example_kwargs is not None:
        example_args = ()  # all are given by keyword
    if isinstance(model, ExportedProgram):
        program = model
        if example_args is not None:
            _check_args_fit(program, example_args, example_kwargs or {})
    elif isinstance(model, torch.nn.Module):
        for name, weight in [*model.named_parameters(), *model.named_buffers()]:
            if is_lazy(weight):
                raise ModelError(
                    f"'{name}' has no shape yet; run the model once before compiling it"
                )
        _check_args(example_args, example_kwargs or {})
        program = capture(model, example_args, example_kwargs)
    else:
        raise ModelError(
            f"expected a torch.nn.Module or a torch.export.ExportedProgram, "
            f"but got {type(model).__name__}"
        )
    signature(program)
    check_weights(_read_weights(program))
    _check_elements(program)
    with _quiet():
        program = program.run_decompositions(decomposition_table())
    _check_elements(program)
    _remove_side_effects_(program)
    return program


def signature(program: ExportedProgram) -> Signature:
    """The inputs and outputs of a program."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    arguments = [
        spec.arg
        for spec in program.graph_signature.input_specs
        if spec.kind == InputKind.USER_INPUT
    ]
    results = [
        spec.arg
        for spec in program.graph_signature.output_specs
        if spec.kind == OutputKind.USER_OUTPUT
    ]
    for index, result in enumerate(results):
        if not isinstance(result, TensorArgument | ConstantArgument):
            raise ModelError(
                f"output {index} of the model is a number that depends on its input; return a "
                "tensor instead"
            )
    if not any(isinstance(result, TensorArgument) for result in results):
        raise ModelError("the model returns no tensor")
    inputs = tuple(
        _tensor_spec(f"input '{arg.name}'", arg.name, values[arg.name])
        for arg in arguments
        if isinstance(arg, TensorArgument)
    )
    tensors = [result for result in results if isinstance(result, TensorArgument)]
    outputs = tuple(
        _tensor_spec(f"output {index}", f"output{index}", values[result.name])
        for index, result in enumerate(tensors)
    )
    tree = program.call_spec
    if tree.in_spec is None or tree.out_spec is None:
        return Signature(inputs, outputs, None, None)
    classes: dict[str, type] = {}
    return Signature(
        inputs,
        outputs,
        structure_of(tree.in_spec, map(_leaf, arguments), {}, "an argument of the model"),
        structure_of(tree.out_spec, map(_leaf, results), classes, "what the model returns"),
        classes,
    )


def _leaf(argument: Any) -> Structure:
    if isinstance(argument, TensorArgument):
        return Structure("tensor")
    if isinstance(argument.value, Constant):
        return Structure("constant", value=argument.value)
    raise ModelError(
        f"the model takes or returns a {type(argument.value).__name__}; "
        "use tensors, numbers, text and None"
    )


def _tensor_spec(what: str, name: str, value: torch.Tensor) -> TensorSpec:
    shape = tuple(value.shape)
    if not all(isinstance(size, int) for size in shape):
        raise ModelError(
            f"{what} has the dynamic shape ({', '.join(map(str, shape))}), but only static shapes "
            f"are supported; fix its sizes, and export without dynamic_shapes"
        )
    if value.dtype not in _EDGE_DTYPES:
        raise ModelError(
            f"{what} has the unsupported dtype {_name(value.dtype)}; compute in float32"
        )
    return TensorSpec(name, shape, _EDGE_DTYPES[value.dtype])


def _check_args(example_args: Any, example_kwargs: Any) -> None:
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
    if not isinstance(example_kwargs, dict):
        raise ModelError(
            f"example_kwargs must be a dict of tensors by name, but is a "
            f"{type(example_kwargs).__name__}"
        )
    for path, value in _leaves(example_args, example_kwargs):
        _check_arg(path, value)


def _check_arg(path: str, value: Any) -> None:
    if isinstance(value, Constant):
        return
    if not isinstance(value, torch.Tensor):
        raise ModelError(
            f"{path} is a {type(value).__name__}; expected a tensor, a number, text or None, in "
            f"tuples, lists, dicts, named tuples or dataclasses"
        )
    if value.layout != torch.strided:
        raise ModelError(f"{path} has the layout {_name(value.layout)}; expected a dense one")
    if value.dtype not in _EDGE_DTYPES:
        raise ModelError(
            f"{path} has the unsupported dtype {_name(value.dtype)}; expected float32, float16, "
            f"an integer or bool"
        )
    if value.device.type != "cpu":
        raise ModelError(f"{path} is on device '{value.device}', expected 'cpu'")


def _leaves(example_args: tuple, example_kwargs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is not a container in the arguments, with words for its place."""
    leaves, _ = pytree.tree_flatten_with_path((example_args, example_kwargs))
    for (_, first, *rest), value in leaves:
        where = pytree.keystr(tuple(rest))
        if isinstance(first, pytree.SequenceKey):
            where = f"argument {first.idx}{where} of example_args"
        elif isinstance(first, pytree.MappingKey):
            where = f"'{first.key}'{where} of example_kwargs"
        yield where, value


def _check_args_fit(program: ExportedProgram, example_args: Any, example_kwargs: Any) -> None:
    _check_args(example_args, example_kwargs)
    expected = [(spec.shape, spec.dtype) for spec in signature(program).inputs]
    found = [
        (tuple(value.shape), _EDGE_DTYPES[value.dtype])
        for _, value in _leaves(example_args, example_kwargs)
        if isinstance(value, torch.Tensor)
    ]
    if found != expected:
        raise ModelError(
            f"example_args are {_shapes(found)}, but the program was exported for "
            f"{_shapes(expected)}"
        )


def _read_weights(program: ExportedProgram) -> Iterator[tuple[str, Any]]:
    """The parameters, buffers and constants that the program reads.

    Of those that it only dequantises PyTorch makes weights.
    """
    stored = {**program.constants, **program.state_dict}
    read = {
        node.name
        for node in program.graph.nodes
        if any(getattr(user.target, "namespace", "") != _QUANTIZED for user in node.users)
    }
    for spec in program.graph_signature.input_specs:
        if spec.target is not None and spec.arg.name in read:
            yield spec.target, stored.get(spec.target)


def check_weights(weights: Iterable[tuple[str, Any]]) -> None:
    """Refuses weights that cannot be compiled, or hold NaN or infinite values.

    Raises:
      ModelError: names the first.
    """
    for name, weight in weights:
        if not isinstance(weight, torch.Tensor):
            continue
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
        if not weight.is_floating_point() or is_finite(weight):
            continue
        if isinstance(weight, torch.nn.Parameter):
            raise ModelError(f"'{name}' holds NaN or infinite values")
        # A buffer may be infinite, as a mask is.
        if any(bound.isnan() for bound in weight.aminmax()):
            raise ModelError(f"'{name}' holds NaN")


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


def capture(
    model: torch.nn.Module,
    example_args: Any,
    example_kwargs: dict[str, Any] | None,
    *,
    dynamic_shapes: Any = None,
) -> ExportedProgram:
    """Exports a module in evaluation mode, whatever mode it is in.

    Raises:
      ModelError: when torch.export cannot; says why.
    """
    with _evaluation_mode(model), _quiet():
        try:
            return torch.export.export(
                model, example_args, example_kwargs, dynamic_shapes=dynamic_shapes
            )
        # Whatever the model's own code raises when it is traced comes out here.
        except Exception as error:
            # A weight that cannot be compiled is often what the tracer stumbled over.
            check_weights([*model.named_parameters(), *model.named_buffers()])
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


def keep_tensors_(program: ExportedProgram) -> None:
    """Removes results that are no tensors, and weights that nothing reads, from a program."""
    specs = program.graph_signature
    specs.output_specs[:] = [
        spec for spec in specs.output_specs if isinstance(spec.arg, TensorArgument)
    ]
    unread = {
        node.name: node
        for node in program.graph.nodes
        if node.op == "placeholder" and not node.users
    }
    for spec in list(specs.input_specs):
        if spec.kind != InputKind.USER_INPUT and spec.arg.name in unread:
            specs.input_specs.remove(spec)
            program.graph.erase_node(unread[spec.arg.name])


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
