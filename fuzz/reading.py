# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Reads MLIR as it is printed in generic form: one operation a line, regions in `({ ... })`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

_OPERATION = re.compile(r'(?:(%\w+)(?::(\d+))? = )?"([\w.]+)"\(([^)]*)\)(?:\[([^\]]*)\])?')
_BLOCK = re.compile(r"(\^\w+)(?:\((.*)\))?:")
_ALIAS = re.compile(r"^(#\w+) = (.*)$", re.MULTILINE)
_RESOURCE = re.compile(r'(\w[\w.$-]*): "0x([0-9A-Fa-f]*)"')
_TYPE = re.compile(
    r"((?:tensor|vector)<((?:[\d?]+x)*)(\w+)(?:, #\w+[^>]*>)?>)|(?<![\w.<])([if]\d+|index)(?!\w)"
)
_DTYPES = {
    "f16": np.float16,
    "f32": np.float32,
    "f64": np.float64,
    "i1": np.bool_,
    "i8": np.int8,
    "ui8": np.uint8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "index": np.int64,
}


@dataclass(frozen=True)
class Type:
    """A scalar type, or a tensor's with its shape; -1 is a dynamic size."""

    element: str
    shape: tuple[int, ...] | None = None


@dataclass
class Block:
    """Arguments by name, and operations."""

    arguments: list[tuple[str, Type]]
    operations: list["Operation"] = field(default_factory=list)


@dataclass
class Operation:
    """An operation as it is printed; attributes are read when they are asked for."""

    name: str
    results: list[str]
    operands: list[str]
    successors: list[tuple[str, list[str]]]
    properties: str
    regions: list[dict[str, Block]] = field(default_factory=list)
    result_types: list[Type] = field(default_factory=list)

    def __getitem__(self, name: str) -> object:
        return attributes(self.properties)[name]

    def get(self, name: str, default: object = None) -> object:
        return attributes(self.properties).get(name, default)


@dataclass
class Function:
    """A function of a module, with the text that it was read from."""

    name: str
    arguments: list[Type]
    body: dict[str, Block]


def functions(text: str) -> dict[str, str]:
    """The texts of the functions of a module, aliases replaced."""
    aliases = dict(_ALIAS.findall(text))
    if aliases:
        text = re.sub(r"#\w+", lambda found: aliases.get(found[0], found[0]), text)
    found = {}
    start = None
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line.startswith('  "func.func"'):
            start = i
        elif start is not None and line.startswith("  }"):
            name = re.search(r'sym_name = "([^"]*)"', lines[start])
            assert name
            found[name[1]] = "\n".join(line.strip() for line in lines[start : i + 1])
            start = None
    return found


def resources(text: str) -> dict[str, bytes]:
    """The blobs behind a module, by name; the first four bytes of each are an alignment."""
    _, _, tail = text.partition("\n{-#")
    return {name: bytes.fromhex(data)[4:] for name, data in _RESOURCE.findall(tail)}


def read_function(text: str) -> Function:
    """Reads what `functions` returns."""
    lines = iter(text.splitlines())
    operation = _read_operation(next(lines), lines)
    body = operation.regions[0]
    first = next(iter(body.values()), Block([]))
    return Function(str(operation["sym_name"]), [t for _, t in first.arguments], body)


def _read_operation(line: str, lines: Iterator[str]) -> Operation:
    head = _OPERATION.match(line)
    assert head, line
    result, count, name, operands, successors = head.groups()
    if result is None:
        results = []
    elif count is None:
        results = [result]
    else:
        results = [f"{result}#{i}" for i in range(int(count))]
    operation = Operation(
        name=name,
        results=results,
        operands=re.findall(r"%\w+(?:#\d+)?", operands),
        successors=_read_successors(successors or ""),
        properties="",
    )
    rest = line[head.end() :]
    if rest.endswith("({"):
        operation.properties = rest[:-2]
        closing = ""
        while not closing.startswith("})"):
            region, closing = _read_region(lines)
            operation.regions.append(region)
        rest = closing[2:]
    else:
        operation.properties = rest
    _, _, types = rest.rpartition(" -> ") if not rest.endswith(")") else rest.rpartition(" -> (")
    operation.result_types = read_types(types)
    return operation


def _read_successors(text: str) -> list[tuple[str, list[str]]]:
    return [(name, []) for name in re.findall(r"\^\w+", text)]


def _read_region(lines: Iterator[str]) -> tuple[dict[str, Block], str]:
    blocks: dict[str, Block] = {}
    block = None
    for line in lines:
        if line.startswith("}"):
            return blocks, line
        if line.startswith("^"):
            label = _BLOCK.match(line)
            assert label, line
            block = blocks[label[1]] = Block(_read_arguments(label[2] or ""))
        else:
            if block is None:
                block = blocks["^entry"] = Block([])
            block.operations.append(_read_operation(line, lines))
    raise AssertionError("a region without end")


def _read_arguments(text: str) -> list[tuple[str, Type]]:
    parts = re.split(r"(?:, )?(%\w+): ", text)[1:]
    return [
        (name, read_types(type_)[0]) for name, type_ in zip(parts[::2], parts[1::2], strict=True)
    ]


@lru_cache(maxsize=10000)
def read_types(text: str) -> list[Type]:
    """The types in a list of them."""
    found = []
    for tensor, shape, element, scalar in _TYPE.findall(text):
        if tensor:
            sizes = [-1 if size == "?" else int(size) for size in shape.split("x")[:-1]]
            found.append(Type(element, tuple(sizes)))
        else:
            found.append(Type(scalar))
    return found


def dtype(element: str) -> type:
    """That of the elements in memory."""
    return _DTYPES[element]


@lru_cache(maxsize=10000)
def attributes(text: str) -> dict[str, object]:
    """The properties and attributes in what stands behind the operands of an operation."""
    found: dict[str, object] = {}
    reader = _Reader(text)
    while reader.skip_to("{"):
        found |= reader.dictionary()
    return found


@lru_cache(maxsize=2000)
def elements(text: str) -> np.ndarray | None:
    """The array of `dense<...> : type`; None if it is none."""
    if not text.startswith("dense<"):
        return None
    content, _, type_text = text[6:].rpartition("> : ")
    type_ = read_types(type_text)[0]
    shape = type_.shape or ()
    kind = _DTYPES[type_.element]
    if content.startswith('"0x'):
        data = bytes.fromhex(content[3:-1])
        if kind is np.bool_:
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
            return bits[: int(np.prod(shape))].astype(bool).reshape(shape)
        return np.frombuffer(data, kind).reshape(shape)
    tokens = content.replace("[", "").replace("]", "").split(",")
    numbers = np.array([_number(token.strip(), kind) for token in tokens if token.strip()], kind)
    return np.broadcast_to(numbers[0], shape) if numbers.size == 1 else numbers.reshape(shape)


def _number(token: str, kind: type) -> object:
    if token in ("true", "false"):
        return token == "true"
    if token.startswith(("0x", "-0x")) and issubclass(kind, np.floating):
        bits = {np.float16: np.uint16, np.float32: np.uint32, np.float64: np.uint64}[kind]
        return np.array(int(token, 16), bits).view(kind)
    return float(token) if issubclass(kind, np.floating) else int(token)


class _Reader:
    """Reads attributes from text."""

    _TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|-?\d[\w.+-]*|[#!@%\w][\w.$#-]*|->|.)')

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def skip_to(self, sign: str) -> bool:
        # What follows the last brace are types.
        at = self.text.find(sign, self.at)
        self.at = at if at >= 0 else len(self.text)
        return at >= 0

    def peek(self) -> str:
        found = self._TOKEN.match(self.text, self.at)
        return found[1] if found else ""

    def next(self) -> str:
        found = self._TOKEN.match(self.text, self.at)
        assert found, self.text
        self.at = found.end()
        return found[1]

    def dictionary(self) -> dict[str, object]:
        assert self.next() == "{"
        found: dict[str, object] = {}
        while self.peek() != "}":
            name = self.next().strip('"')
            if self.peek() == "=":
                self.next()
                found[name] = self.value()
            else:
                found[name] = True
            if self.peek() == ",":
                self.next()
        self.next()
        return found

    def balanced(self, opening: str, closing: str) -> str:
        """The text up to the bracket that closes the one that was just read."""
        start, depth = self.at, 1
        while depth:
            token = self.next()
            depth += (token == opening) - (token == closing)
        return self.text[start : self.at - len(closing)]

    def value(self) -> object:
        token = self.next()
        if token == "[":
            values = []
            while self.peek() != "]":
                values.append(self.value())
                if self.peek() == ",":
                    self.next()
            self.next()
            return values
        if token == "{":
            self.at -= 1
            return self.dictionary()
        if token.startswith('"'):
            return token[1:-1]
        if token in ("dense", "dense_resource"):
            self.next()
            content = self.balanced("<", ">")
            assert self.next() == ":"
            start = self.at
            self.type()
            type_text = self.text[start : self.at].strip()
            if token == "dense_resource":
                return ("resource", content, read_types(type_text)[0])
            return elements(f"dense<{content}> : {type_text}")
        if token == "array":
            self.next()
            _, _, content = self.balanced("<", ">").partition(":")
            return [int(number) for number in re.findall(r"-?\d+", content)]
        if token == "affine_map":
            self.next()
            return ("map", *read_map(self.balanced("<", ">")))
        if re.match(r"-?\d", token):
            number: object = token
            element = "i64"
            if self.peek() == ":":
                self.next()
                element = self.next()
            return np.array(_number(str(number), _DTYPES[element]), _DTYPES[element])[()]
        if token in ("true", "false"):
            return token == "true"
        if token.startswith("#"):
            if self.peek() == "<":
                self.next()
                return (token, self.balanced("<", ">"))
            return (token, "")
        if token == "(":  # a function type
            self.balanced("(", ")")
            assert self.next() == "->"
            if self.peek() == "(":
                self.next()
                self.balanced("(", ")")
            else:
                self.type()
            return None
        if token.startswith("@"):
            return token[1:]
        if self.peek() == "<":  # a type
            self.next()
            self.balanced("<", ">")
        return token

    def type(self) -> None:
        self.next()
        if self.peek() == "<":
            self.next()
            self.balanced("<", ">")


@lru_cache(maxsize=1000)
def read_map(text: str) -> tuple[int, tuple[object, ...]]:
    """Number of dimensions, and each result as code over `d`, a dimension, or a constant."""
    dims, _, results = text.partition("->")
    names = re.findall(r"d\d+", dims)
    parts = re.split(r",\s*", results.strip()[1:-1]) if results.strip() != "()" else []
    expressions: list[object] = []
    for part in parts:
        if re.fullmatch(r"d\d+", part):
            expressions.append(int(part[1:]))
        elif re.fullmatch(r"-?\d+", part):
            expressions.append((int(part),))
        else:
            code = re.sub(r"d(\d+)", r"d[\1]", part).replace("floordiv", "//")
            expressions.append(compile(code.replace("mod", "%"), "<map>", "eval"))
    return len(names), tuple(expressions)
