// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_FORMS_H
#define KERNELS_FORMS_H

#include "kernels/KernelForm.h"

namespace patternc {

// The forms of loops that there are; Schedules.td says what each is.
const KernelForm &cpuDotForm();
const KernelForm &cpuDotMatrixForm();
const KernelForm &cpuOutputStationaryForm();
const KernelForm &cpuInputStationaryForm();
const KernelForm &cpuMatrixForm();
const KernelForm &cpuRowsForm();
const KernelForm &gpuDirectForm();
const KernelForm &gpuOutputStationaryForm();
const KernelForm &gpuMatrixForm();
const KernelForm &gpuRowsForm();
const KernelForm &vmDirectForm();
const KernelForm &vmRowsForm();

} // namespace patternc

#endif // KERNELS_FORMS_H
