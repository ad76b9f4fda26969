// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef DIALECT_PATTERNENUMS_TD
#define DIALECT_PATTERNENUMS_TD

include "mlir/IR/EnumAttr.td"

def Pattern_Activation : I32Enum<"Activation", "function applied to the output of a convolution", [
    I32EnumCase<"None", 0, "none">,
    I32EnumCase<"Relu", 1, "relu">,
    I32EnumCase<"Relu6", 2, "relu6">,
    I32EnumCase<"HardSwish", 3, "hard_swish">,
    I32EnumCase<"Silu", 4, "silu">]> {
  let cppNamespace = "::patternc";
}

def Pattern_Pooling : I32Enum<"Pooling", "what pooling keeps of a window", [
    I32EnumCase<"Max", 0, "max">,
    I32EnumCase<"Average", 1, "average">]> {
  let cppNamespace = "::patternc";
}

def Pattern_Bytes : I32Enum<"Bytes", "whether bytes have a sign", [
    I32EnumCase<"Unsigned", 0, "u8">,
    I32EnumCase<"Signed", 1, "s8">]> {
  let cppNamespace = "::patternc";
}

def Pattern_Device : I32Enum<"Device", "kind of processing unit a layer is scheduled for", [
    I32EnumCase<"Cpu", 0, "cpu">,
    I32EnumCase<"Gpu", 1, "gpu">,
    I32EnumCase<"Vm", 2, "vm">]> {
  let cppNamespace = "::patternc";
}

def Pattern_TargetFeature : I32BitEnum<"TargetFeature", "what a processing unit can do that a kernel may ask for", [
    I32BitEnumCaseNone<"None", "none">,
    I32BitEnumCaseBit<"BroadcastLoad", 0, "broadcast_load">,
    I32BitEnumCaseBit<"LaneMultiply", 1, "lane_multiply">,
    I32BitEnumCaseBit<"SoftwarePrefetch", 2, "software_prefetch">,
    I32BitEnumCaseBit<"DotU8S8", 3, "dot_u8s8">,
    I32BitEnumCaseBit<"SaturatingPack", 4, "saturating_pack">,
    I32BitEnumCaseBit<"Float16", 5, "float16">,
    I32BitEnumCaseBit<"DotS8S8", 6, "dot_s8s8">,
    I32BitEnumCaseBit<"DotS16", 7, "dot_s16">,
    I32BitEnumCaseBit<"ByteAccess", 8, "byte_access">,
    I32BitEnumCaseBit<"ByteLookup", 9, "byte_lookup">,
    I32BitEnumCaseBit<"BytePermute", 10, "byte_permute">]> {
  let cppNamespace = "::patternc";
  let separator = "|";
  let printBitEnumQuoted = 0;
}

#endif // DIALECT_PATTERNENUMS_TD
