// The examples of the descriptions parse: each is cut out of its .td file.
// RUN: echo 'func.func private @example() attributes {example =' > %t-before
// RUN: echo '}' > %t-after

// RUN: sed -n '/^def Schedule_CpuOutputStationaryAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=CPUOUTPUTSTATIONARY
// CPUOUTPUTSTATIONARY: #schedule.cpu_output_stationary<

// RUN: sed -n '/^def Schedule_CpuInputStationaryAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=CPUINPUTSTATIONARY
// CPUINPUTSTATIONARY: #schedule.cpu_input_stationary<

// RUN: sed -n '/^def Schedule_CpuMatrixAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=CPUMATRIX
// CPUMATRIX: #schedule.cpu_matrix<

// RUN: sed -n '/^def Schedule_CpuRowsAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=CPUROWS
// CPUROWS: #schedule.cpu_rows<

// RUN: sed -n '/^def Schedule_GpuDirectAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=GPUDIRECT
// GPUDIRECT: #schedule.gpu_direct<

// RUN: sed -n '/^def Schedule_GpuRowsAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=GPUROWS
// GPUROWS: #schedule.gpu_rows<

// RUN: sed -n '/^def Schedule_VmDirectAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=VMDIRECT
// VMDIRECT: #schedule.vm_direct<

// RUN: sed -n '/^def Schedule_VmRowsAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=VMROWS
// VMROWS: #schedule.vm_rows<

// RUN: sed -n '/^def Schedule_CpuDotAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=CPUDOT
// CPUDOT: #schedule.cpu_dot<

// RUN: sed -n '/^def Schedule_CpuDotMatrixAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=CPUDOTMATRIX
// CPUDOTMATRIX: #schedule.cpu_dot_matrix<

// RUN: sed -n '/^def Schedule_GpuOutputStationaryAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=GPUOUTPUTSTATIONARY
// GPUOUTPUTSTATIONARY: #schedule.gpu_output_stationary<

// RUN: sed -n '/^def Schedule_GpuMatrixAttr /,/^}/{/```mlir/,/```/{/```/!p}}' %S/../../kernels/Schedules.td > %t
// RUN: cat %t-before %t %t-after | pattern-opt | FileCheck %s --check-prefix=GPUMATRIX
// GPUMATRIX: #schedule.gpu_matrix<
