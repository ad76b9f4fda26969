// RUN: not pattern-opt %s --pass-pipeline='builtin.module(pattern-raise-fully-connected{lanes=0})' 2>&1 | FileCheck %s

// CHECK: error: expected positive lanes, but found 0
