// RUN: pattern-opt %s | pattern-opt | FileCheck %s

// Fields that have their usual value are not printed.
// CHECK-LABEL: @cpu_output_stationary
// CHECK-SAME: all = #schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 9, blocks = 2, unroll = 4, offsets = table, channels = distance, weights = lanes, inner = filters, prefetch = 5, prefetch_weights = 4096, placement = consumer>
// CHECK-SAME: usual = #schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 9, blocks = 2, unroll = 4>
func.func private @cpu_output_stationary() attributes {
  all = #schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 9, blocks = 2, unroll = 4, offsets = table, channels = distance, weights = lanes, inner = filters, prefetch = 5, prefetch_weights = 4096, placement = consumer>,
  usual = #schedule.cpu_output_stationary<lanes = 16, vectors = 6, filters = 4, tiles = 9, blocks = 2, unroll = 4, offsets = code, channels = absolute, weights = broadcast, inner = vectors, prefetch = 0, prefetch_weights = 0, placement = memory>}

// CHECK-LABEL: @cpu_input_stationary
// CHECK-SAME: #schedule.cpu_input_stationary<lanes = 16, vectors = 3, tiles = 1, blocks = 2, weights = lanes, prefetch = 1>
func.func private @cpu_input_stationary() attributes {
  schedule = #schedule.cpu_input_stationary<lanes = 16, vectors = 3, tiles = 1, blocks = 2, weights = lanes, prefetch = 1>}

// CHECK-LABEL: @cpu_matrix
// CHECK-SAME: #schedule.cpu_matrix<lanes = 16, rows = 1, blocks = 8, chains = 2, stores = scatter, prefetch_weights = 4096>
func.func private @cpu_matrix() attributes {
  schedule = #schedule.cpu_matrix<lanes = 16, rows = 1, blocks = 8, chains = 2, stores = scatter, prefetch_weights = 4096>}

// CHECK-LABEL: @rows
// CHECK-SAME: cpu = #schedule.cpu_rows<lanes = 16, unroll = 9>
// CHECK-SAME: gpu = #schedule.gpu_rows<threads = 64, unroll = 9>
// CHECK-SAME: vm = #schedule.vm_rows<unroll = 9>
func.func private @rows() attributes {
  cpu = #schedule.cpu_rows<lanes = 16, unroll = 9>, gpu = #schedule.gpu_rows<threads = 64, unroll = 9>,
  vm = #schedule.vm_rows<unroll = 9>}

// CHECK-LABEL: @direct
// CHECK-SAME: gpu = #schedule.gpu_direct<threads = 64, filters = 8, unroll = 4, offsets = table>
// CHECK-SAME: vm = #schedule.vm_direct<filters = 8, unroll = 4>
func.func private @direct() attributes {
  gpu = #schedule.gpu_direct<threads = 64, filters = 8, unroll = 4, offsets = table>,
  vm = #schedule.vm_direct<filters = 8, unroll = 4>}
