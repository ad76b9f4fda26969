// RUN: pattern-opt %s -pattern-reorder-filters -pattern-compress-weights -split-input-file | FileCheck %s
// RUN: pattern-opt %s -pattern-reorder-filters --pass-pipeline='builtin.module(pattern-reorder-filters,pattern-compress-weights{max-filter-group=2})' -split-input-file 2>&1 | FileCheck %s --check-prefix=OPTIONS
