// RUN: pattern-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{expected #pattern.target as 'pattern.target', but found "x86-64-v4"}}
module attributes {pattern.target = "x86-64-v4"} {}

// -----

// expected-error @+1 {{has the attribute 'pattern.target', which is one of modules}}
func.func private @f() attributes {pattern.target = #pattern.target<device = vm>}

// -----

// expected-error @+1 {{expected vectors of a power of two from 32 bits to a line of 512, but found 96}}
module attributes {pattern.target = #pattern.target<device = cpu, vector_bits = 96, registers = 16>} {}

// -----

// expected-error @+1 {{expected vectors of a power of two from 32 bits to a line of 512, but found 1024}}
module attributes {pattern.target = #pattern.target<device = cpu, vector_bits = 1024, registers = 16>} {}

// -----

// expected-error @+1 {{expected vector registers of a cpu}}
module attributes {pattern.target = #pattern.target<device = cpu, vector_bits = 128>} {}

// -----

// expected-error @+1 {{expected threads of a workgroup and of a subgroup of a gpu}}
module attributes {pattern.target = #pattern.target<device = gpu, threads = 64>} {}

// -----

// expected-error @+1 {{subgroup of 64 threads is larger than a workgroup of 32}}
module attributes {pattern.target = #pattern.target<device = gpu, threads = 32, subgroup = 64>} {}

// -----

// expected-error @+1 {{expected lines of a power of two from 4 to 1024 bytes, but found 48}}
module attributes {pattern.target = #pattern.target<device = vm, line_bytes = 48>} {}

// -----

// expected-error @+1 {{expected positive cores and sizes of line, page, caches and stack}}
module attributes {pattern.target = #pattern.target<device = vm, cores = 0>} {}

// -----

// expected-error @+1 {{expected numbers of 0 to 2147483647, but found -1}}
module attributes {pattern.target = #pattern.target<device = vm, registers = -1>} {}

// -----

// expected-error @+1 {{expected sizes of at most 281474976710656 bytes, but found 281474976710657}}
module attributes {pattern.target = #pattern.target<device = vm, l2_bytes = 281474976710657>} {}
