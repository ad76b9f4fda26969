// RUN: pattern-opt %s -pattern-attach-target | FileCheck %s
// RUN: pattern-opt %s -pattern-attach-target='target="#pattern.target<device = gpu, threads = 128, subgroup = 64>"' | FileCheck %s --check-prefix=GPU
// RUN: pattern-opt %s %target-vm -pattern-attach-target | FileCheck %s
// RUN: not pattern-opt %s -pattern-attach-target='target=unit' 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not pattern-opt %s -pattern-attach-target='target=#pattern.target' 2>&1 | FileCheck %s --check-prefix=TEXT

// CHECK: module attributes {pattern.target = #pattern.target<device = cpu, features = broadcast_load|software_prefetch, vector_bits = 512, registers = 32>}
// GPU: module attributes {pattern.target = #pattern.target<device = gpu, threads = 128, subgroup = 64>}
// OTHER: error: expected a #pattern.target, but found unit
// TEXT: #pattern.target:1:15: error: expected
module {}
