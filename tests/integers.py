# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A quantised convolution in integers: as MLIR text, and as every target has to compute it."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, kw_only=True)
class QuantizedConvolution:
    """A `pattern.conv2d` of bytes and its operands.

    Attributes:
      weights: whole numbers of -127 to 127, int8 [filters, channels of a group, height, width].
      scales: of the weights of each filter, float32 [filters].
      bias: float32 [filters], or None.
      image: shape of the input, [batch, channels, height, width].
      input, output, residual: scale and zero point; no residual without the last.
      bounds: the least and the greatest output.
      lookup: what outputs, which are rounded as `output` says, are replaced by: uint8 [256], in
        the order of bytes without a sign; or None.
      signed: whether bytes have a sign.
      patterns: positions that each pattern keeps, from which `ids` are; all positions by default.
      ids: the pattern of each kernel from 1, 0 for a removed one, uint8 [filters, channels].
    """

    weights: np.ndarray
    scales: np.ndarray
    bias: np.ndarray | None
    image: tuple[int, int, int, int]
    input: tuple[float, int]
    output: tuple[float, int]
    residual: tuple[float, int] | None = None
    bounds: tuple[int, int]
    lookup: np.ndarray | None = None
    signed: bool = False
    strides: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)
    groups: int = 1
    patterns: tuple[tuple[int, ...], ...] | None = None
    ids: np.ndarray | None = None

    @property
    def out(self) -> tuple[int, int, int, int]:
        """Shape of the output."""
        sizes = [
            (self.image[2 + d] + self.padding[d] + self.padding[2 + d]
             - self.dilations[d] * (self.weights.shape[2 + d] - 1) - 1) // self.strides[d] + 1
            for d in (0, 1)
        ]  # fmt: skip
        return self.image[0], self.weights.shape[0], sizes[0], sizes[1]

    def as_signed(self) -> "QuantizedConvolution":
        """The same, of bytes with a sign: everything 128 less."""

        def shifted(uniform):
            return None if uniform is None else (uniform[0], uniform[1] - 128)

        return replace(
            self,
            input=shifted(self.input),
            output=shifted(self.output),
            residual=shifted(self.residual),
            bounds=(self.bounds[0] - 128, self.bounds[1] - 128),
            # Adding 128 to a byte or subtracting it is the same.
            lookup=None if self.lookup is None else np.roll(self.lookup, 128) + np.uint8(128),
            signed=True,
        )

    def text(self, *, wide: bool = False) -> str:
        """A module whose function takes the image, and the residual if there is one: bytes, or
        what they are in 32 bits."""
        filters, channels, height, width = self.weights.shape
        patterns = self.patterns or (tuple(range(height * width)),)
        ids = np.ones((filters, channels), np.uint8) if self.ids is None else self.ids
        image, out = (f"tensor<{'x'.join(map(str, s))}xi8>" for s in (self.image, self.out))
        weights = f"tensor<{'x'.join(map(str, self.weights.shape))}xi8>"
        parameters = {"bytes": "s8" if self.signed else "u8"}
        for name, uniform in (("input", self.input), ("output", self.output)):
            parameters[name] = _uniform(uniform)
        parameters |= {"low": str(self.bounds[0]), "high": str(self.bounds[1])}
        if self.residual is not None:
            parameters["residual"] = _uniform(self.residual)
        if self.lookup is not None:
            table = _dense(self.lookup, "i8")
            parameters["lookup"] = f"<from = {parameters['output']}, table = {table}>"
            parameters["output"] = _uniform((1.0, 0))
        attributes = {
            "strides": f"array<i64: {_numbers(self.strides)}>",
            "padding": f"array<i64: {_numbers(self.padding)}>",
            "dilations": f"array<i64: {_numbers(self.dilations)}>",
            "groups": f"{self.groups} : i64",
            "quantization": f"#pattern.quantization<{_fields(parameters)}>",
        }
        ids_text = f'dense<"0x{ids.astype(np.uint8).tobytes().hex().upper()}">'
        if np.all(ids == ids.flat[0]):
            ids_text = f"dense<{ids.flat[0]}>"
        bias = "" if self.bias is None else " bias(%b)"
        add = "" if self.residual is None else " add(%r)"
        operands = [image, weights, f"tensor<{filters}xf32>"]
        operands += [f"tensor<{filters}xf32>"] * (self.bias is not None)
        operands += [out] * (self.residual is not None)
        names = {"x": image} | ({"r": out} if self.residual is not None else {})
        outer = {name: t.replace("xi8", "xi32") if wide else t for name, t in names.items()}
        result = out.replace("xi8", "xi32") if wide else out
        arguments = ", ".join(f"%{name}{'_wide' * wide}: {t}" for name, t in outer.items())
        narrow = "".join(
            _map(name, f"{name}_wide", "arith.trunci", outer[name], names[name])
            for name in names
            if wide
        )
        extension = "arith.extsi" if self.signed else "arith.extui"
        returned = _map("y_wide", "y", extension, out, result) if wide else ""
        bias_line = (
            "" if self.bias is None else f"%b = arith.constant {_dense(self.bias, 'f32')}\n    "
        )
        return f"""module {{
  func.func @main({arguments}) -> {result} {{
    {narrow}%w = arith.constant {_dense(self.weights, "i8")}
    %s = arith.constant {_dense(self.scales, "f32")}
    {bias_line}%y = pattern.conv2d %x, %w scale(%s){bias}{add}
        map <set = <{height}x{width}, {[list(p) for p in patterns]}>,
             ids = {ids_text} : tensor<{filters}x{channels}xui8>>
        {{{_fields(attributes)}}}
        : ({", ".join(operands)}) -> {out}
    {returned}return %y{"_wide" * wide} : {result}
  }}
}}
"""

    def compute(self, x: np.ndarray, residual: np.ndarray | None = None) -> np.ndarray:
        """The output for bytes `x`, int64 like the other arrays here."""
        zero = self.input[1]
        top, left, bottom, right = self.padding
        x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=zero) - zero
        _batch, filters, rows, columns = self.out
        sums = np.zeros(self.out, np.int64)
        each = filters // self.groups
        for f in range(filters):
            first = f // each * self.weights.shape[1]
            for (c, ky, kx), weight in np.ndenumerate(self.weights[f].astype(np.int64)):
                top, left = ky * self.dilations[0], kx * self.dilations[1]
                sums[:, f] += (
                    weight
                    * x[
                        :,
                        first + c,
                        top : top + (rows - 1) * self.strides[0] + 1 : self.strides[0],
                        left : left + (columns - 1) * self.strides[1] + 1 : self.strides[1],
                    ]
                )
        assert np.abs(sums).max(initial=0) < 2**31
        multiplier = np.float32(self.input[0] * self.scales.astype(np.float64) / self.output[0])
        steps = sums.astype(np.float32)
        per_filter = (1, filters, 1, 1)
        if self.bias is None:
            steps = steps * multiplier.reshape(per_filter)
        else:
            bias = self.bias * np.float32(1 / self.output[0])
            steps = _fma(steps, multiplier.reshape(per_filter), bias.reshape(per_filter))
        if residual is not None:
            added = (residual - self.residual[1]).astype(np.float32)
            steps = _fma(added, np.float32(self.residual[0] / self.output[0]), steps)
        low, high = (bound - self.output[1] for bound in self.bounds)
        rounded = np.rint(np.clip(steps, low, high)).astype(np.int64) + self.output[1]
        return rounded if self.lookup is None else self.lookup[rounded].astype(np.int64)

    def to_bytes(self, numbers: np.ndarray) -> np.ndarray:
        """What a module takes and gives for numbers: int8, of the same bits."""
        return numbers.astype(np.int8 if self.signed else np.uint8).view(np.int8)


def _fma(x: np.ndarray, y: np.ndarray | np.float32, z: np.ndarray) -> np.ndarray:
    # The product is exact in float64; that the sum is rounded twice shows in no test.
    return (x.astype(np.float64) * y + z).astype(np.float32)


def _map(name: str, operand: str, operation: str, source: str, target: str) -> str:
    identity = "affine_map<(n, c, y, x) -> (n, c, y, x)>"
    inner, outer = (t[:-1].rpartition("x")[2] for t in (source, target))
    return f"""%{name}_empty = tensor.empty() : {target}
    %{name} = linalg.generic {{indexing_maps = [{identity}, {identity}],
        iterator_types = ["parallel", "parallel", "parallel", "parallel"]}}
        ins(%{operand} : {source}) outs(%{name}_empty : {target}) {{
    ^bb0(%in: {inner}, %out: {outer}):
      %0 = {operation} %in : {inner} to {outer}
      linalg.yield %0 : {outer}
    }} -> {target}
    """


def _uniform(uniform: tuple[float, int]) -> str:
    return f"<scale = {uniform[0]:.17e}, zero_point = {uniform[1]}>"


def _fields(fields: dict[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in fields.items())


def _numbers(numbers) -> str:
    return ", ".join(map(str, numbers))


def _dense(array: np.ndarray, element: str) -> str:
    kind = np.float32 if element == "f32" else np.int8
    data = array.astype(kind)
    shape = "x".join(map(str, array.shape))
    if data.size == 1 or np.all(data == data.flat[0]):
        number = f"{float(data.flat[0]):.17e}" if element == "f32" else str(int(data.flat[0]))
        return f"dense<{number}> : tensor<{shape}x{element}>"
    return f'dense<"0x{data.tobytes().hex().upper()}"> : tensor<{shape}x{element}>'
