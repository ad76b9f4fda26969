// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The pass pipelines under one name each, in the order of the data flow. They
// are the same for every target: passes read it from the module.

#include "passes/Pipelines.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/Passes.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace patternc;

namespace {

struct Options : PassPipelineOptions<Options> {
  Option<std::string> target{
      *this, "target",
      llvm::cl::desc("What to compile for, a #pattern.target; what the module "
                     "says, if it is missing")};
  Option<bool> float16{
      *this, "float16",
      llvm::cl::desc("Compute in f16 what the model computes in f32"),
      llvm::cl::init(false)};
  Option<std::string> schedules{
      *this, "schedules",
      llvm::cl::desc("File of filter groups and schedules to take; what it "
                     "does not know is chosen")};
};

} // namespace

static void attachTarget(OpPassManager &pm, const Options &options) {
  if (!options.target.empty())
    pm.addPass(createAttachTargetPass({options.target}));
}

static void linalgToPacked(OpPassManager &pm, const Options &options) {
  attachTarget(pm, options);
  pm.addPass(createFoldBatchNormsPass());
  pm.addPass(createFoldConstantsPass());
  pm.addPass(createFloatQuantizedIntegersPass());
  if (options.float16)
    pm.addPass(createDemoteF32ToF16Pass());
  pm.addPass(createRaiseConvolutionsPass());
  pm.addPass(createAlignConvolutions1DPass());
  pm.addPass(createRaisePoolingPass());
  pm.addPass(createRaiseFullyConnectedPass());
  pm.addPass(createFuseEpiloguesPass());
  pm.addPass(createQuantizeConvolutionsPass());
  if (!options.schedules.empty())
    pm.addPass(createApplyFilterGroupsPass({options.schedules}));
  pm.addPass(createReorderFiltersPass());
  pm.addPass(createCompressWeightsPass());
}

static void packedToExecutable(OpPassManager &pm, const Options &options) {
  pm.addPass(createLayoutActivationsPass());
  if (!options.schedules.empty())
    pm.addPass(createApplySchedulesPass({options.schedules}));
  pm.addPass(createScheduleConvolutionsPass());
  pm.addPass(createLowerConvolutionsPass());
  pm.addPass(createEliminateRedundantLoadsPass());
  // Around what IREE gets wrong.
  pm.addPass(createWidenNarrowIntegersPass());
  pm.addPass(createIsolateReductionsPass());
  pm.addPass(createScalarizeWideIntegersPass());
  pm.addPass(createTruncateFloatsPass());
}

void patternc::registerPipelines() {
  PassPipelineRegistration<Options>(
      "pattern-linalg-to-packed-pipeline",
      "Raise convolutions and pooling, reorder filters and store them in FKW",
      linalgToPacked);
  PassPipelineRegistration<Options>(
      "pattern-packed-to-executable-pipeline",
      "Schedule packed convolutions and lower them to executables",
      [](OpPassManager &pm, const Options &options) {
        attachTarget(pm, options);
        packedToExecutable(pm, options);
      });
  PassPipelineRegistration<Options>(
      "pattern-linalg-to-executable-pipeline",
      "The whole way from linalg to executables",
      [](OpPassManager &pm, const Options &options) {
        linalgToPacked(pm, options);
        packedToExecutable(pm, options);
      });
  PassPipelineRegistration<Options>(
      "pattern-linalg-to-iree-pipeline",
      "What patternc.compile runs: to executables, with named parameters",
      [](OpPassManager &pm, const Options &options) {
        linalgToPacked(pm, options);
        packedToExecutable(pm, options);
        pm.addPass(createExternalizeConstantsPass());
      });
  PassPipelineRegistration<Options>(
      "pattern-linalg-to-reference-pipeline",
      "To FKW and back to linalg: the oracle for the compiled form",
      [](OpPassManager &pm, const Options &options) {
        linalgToPacked(pm, options);
        pm.addPass(createDecompressWeightsPass());
        pm.addPass(createConvolutionsToLinalgPass());
      });
}
