// The pass pipelines under one name each, in the order of the data flow.

#include "passes/Pipelines.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/Passes.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace patternc;

namespace {

/// What the target decides.
struct TargetOptions : PassPipelineOptions<TargetOptions> {
  Option<Device> device{
      *this, "device", llvm::cl::desc("Processing unit: cpu, gpu or vm"),
      llvm::cl::init(Device::Cpu),
      llvm::cl::values(
          clEnumValN(Device::Cpu, "cpu", "vector loops"),
          clEnumValN(Device::Gpu, "gpu", "one thread for an output position"),
          clEnumValN(Device::Vm, "vm", "scalar loops"))};
  Option<int64_t> lanes{
      *this, "lanes",
      llvm::cl::desc("32-bit lanes of a vector register, or threads of a GPU "
                     "workgroup"),
      llvm::cl::init(16)};
  Option<int64_t> registers{*this, "registers",
                            llvm::cl::desc("Vector registers"),
                            llvm::cl::init(32)};
};

} // namespace

static void linalgToPacked(OpPassManager &pm, Device device = Device::Cpu,
                           int64_t lanes = 16) {
  pm.addPass(createRaiseConvolutionsPass());
  pm.addPass(createAlignConvolutions1DPass());
  pm.addPass(createRaisePoolingPass());
  if (device == Device::Cpu)
    pm.addPass(createRaiseFullyConnectedPass({lanes}));
  pm.addPass(createFuseEpiloguesPass());
  pm.addPass(createReorderFiltersPass());
  pm.addPass(createCompressWeightsPass());
}

static void packedToExecutable(OpPassManager &pm, const TargetOptions &target) {
  ScheduleConvolutionsPassOptions schedule;
  schedule.device = target.device;
  schedule.lanes = target.lanes;
  schedule.registers = target.registers;
  pm.addPass(createLayoutActivationsPass());
  pm.addPass(createScheduleConvolutionsPass(schedule));
  pm.addPass(createLowerConvolutionsPass());
  pm.addPass(createEliminateRedundantLoadsPass());
  // What IREE gets wrong for a device.
  if (target.device == Device::Gpu) {
    pm.addPass(createIsolateReductionsPass());
    pm.addPass(createScalarizeWideIntegersPass());
  } else if (target.device == Device::Vm) {
    pm.addPass(createTruncateFloatsPass());
  }
}

void patternc::registerPipelines() {
  PassPipelineRegistration<>(
      "pattern-linalg-to-packed-pipeline",
      "Raise convolutions and pooling, reorder filters and store them in FKW",
      [](OpPassManager &pm) { linalgToPacked(pm); });
  PassPipelineRegistration<TargetOptions>(
      "pattern-packed-to-executable-pipeline",
      "Schedule packed convolutions and lower them to executables",
      packedToExecutable);
  PassPipelineRegistration<TargetOptions>(
      "pattern-linalg-to-executable-pipeline",
      "The whole way from linalg to executables",
      [](OpPassManager &pm, const TargetOptions &target) {
        linalgToPacked(pm, target.device, target.lanes);
        packedToExecutable(pm, target);
      });
  PassPipelineRegistration<>(
      "pattern-linalg-to-reference-pipeline",
      "To FKW and back to linalg: the oracle for the compiled form",
      [](OpPassManager &pm) {
        linalgToPacked(pm);
        pm.addPass(createDecompressWeightsPass());
        pm.addPass(createConvolutionsToLinalgPass());
      });
}
