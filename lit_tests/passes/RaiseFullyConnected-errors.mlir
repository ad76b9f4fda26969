// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-raise-fully-connected{lanes=0})' 2>&1 | FileCheck %s

// CHECK: error: expected 1 to 1024 lanes, but found 0
