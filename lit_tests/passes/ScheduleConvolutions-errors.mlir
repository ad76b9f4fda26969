// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{device=gpu lanes=0})' 2>&1 | FileCheck %s --check-prefix=LANES
// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-schedule-convolutions{registers=-1})' 2>&1 | FileCheck %s --check-prefix=REGISTERS

// LANES: error: expected positive lanes and registers, but found 0 and 32
// REGISTERS: error: expected positive lanes and registers, but found 16 and -1
