// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_PATTERNDIALECT_TD
#define DIALECT_PATTERNDIALECT_TD

include "mlir/IR/DialectBase.td"

def Pattern_Dialect : Dialect {
  let name = "pattern";
  let cppNamespace = "::patternc";
  let summary = "Convolutions whose kernels are pruned to a few fixed patterns.";
  let description = [{
    A pattern-pruned convolution keeps, of every kernel, the few positions
    (taps) that its pattern names, and drops some kernels as a whole
    (connectivity). The dialect has two levels:

    - *graph*: `pattern.conv2d` holds the dense weights and a kernel map that
      says, kernel by kernel, which pattern is kept;
    - *packed*: `pattern.packed_conv2d` holds the same layer in FKW storage,
      the arrays that the generated loops read; `pattern.pack` brings its input
      into the plane layout in which every tap is one constant offset.

    A dense convolution is the same op with the one pattern of all positions,
    so that every convolution of a network takes the same way.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

#endif // DIALECT_PATTERNDIALECT_TD
