// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "kernels/ConvolutionKernel.h"

#include "dialect/ConstantData.h"
#include "dialect/LayerName.h"
#include "kernels/Activations.h"
#include "kernels/IndexArithmetic.h"
#include "kernels/Placement.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace patternc;

/// An image of one position is as planes of one element.
static PlanesAttr inputPlanes(PackedConv2DOp op,
                              const ConvolutionGeometry &geometry) {
  if (!geometry.isFullyConnected())
    return planesOf(op.getInput());
  return PlanesAttr::get(op.getContext(),
                         DenseI64ArrayAttr::get(op.getContext(), {1, 1}),
                         /*origin=*/0, /*pitch=*/1, /*size=*/1, /*padding=*/0);
}

ConvolutionKernel::ConvolutionKernel(PackedConv2DOp op)
    : op(op), geometry(ConvolutionGeometry::onPlanes(op)),
      target(TargetAttr::of(op)), element(op.getType().getElementType()),
      storage(op.getStorage()), activation(op.getActivation()),
      quantization(op.getQuantizationAttr()), planes(inputPlanes(op, geometry)),
      outputPlanes(planesOf(op.getOutput())) {}

std::string ConvolutionKernel::arrayName(StringRef suffix) const {
  return layerName(op) + suffix.str();
}

std::optional<KernelOperands> ConvolutionKernel::arrays(std::string &reason) {
  if (!planes) {
    reason = "it reads no planes; run pattern-layout-activations first";
    return std::nullopt;
  }
  reason = "its weights are not constant";
  std::optional<FkwIndices> indices = readFkwIndices(op, &reason);
  auto weights = ConstantData<float>::of(op.getWeight());
  if (!indices || !weights)
    return std::nullopt;
  KernelOperands operands{op.getWeight()};
  // A buffer cannot be empty.
  if (weights->elements().empty())
    operands.front() = KernelArray{arrayName(".fkw"), SmallVector<float, 0>(1)};
  if (failed(addArrays(weights->elements(), std::move(*indices), operands,
                       reason)))
    return std::nullopt;
  return operands;
}

bool ConvolutionKernel::isPartOfConsumer() const {
  return isPlacedInConsumer(op);
}

std::optional<KernelOperands> ConvolutionKernel::operands(std::string &reason) {
  if (!isPartOfConsumer())
    return ownOperands(reason);
  std::string against = reasonAgainstConsumer(op);
  if (against.empty())
    return KernelOperands(); // those of its consumer
  reason = "it cannot be placed in its consumer: " + against;
  return std::nullopt;
}

std::optional<KernelOperands>
ConvolutionKernel::ownOperands(std::string &reason) {
  if (op.getResidual() && !outputPlanes && !geometry.isFullyConnected()) {
    reason = "it adds a residual, but not in planes; run "
             "pattern-layout-activations first";
    return std::nullopt;
  }
  std::optional<KernelOperands> operands = inputOperands(reason);
  std::optional<KernelOperands> own =
      operands ? arrays(reason) : std::optional<KernelOperands>();
  if (!own)
    return std::nullopt;
  llvm::append_range(*operands, *own);
  for (Value value : {Value(op.getBias()), Value(op.getResidual())})
    if (value)
      operands->push_back(value);
  return operands;
}

std::optional<KernelOperands>
ConvolutionKernel::inputOperands(std::string &reason) {
  if (!placedIn(op))
    return KernelOperands{op.getInput()};
  if (ConvolutionKernel *producer = inputKernel())
    return producer->ownOperands(reason);
  reason = "it cannot compute its input, which is placed in it";
  return std::nullopt;
}

void ConvolutionKernel::bindOperands(BufferCursor &buffers) {
  if (ConvolutionKernel *producer = inputKernel())
    producer->bindOperands(buffers);
  else
    input = buffers.take();
  weight = buffers.take();
  bindArrays(buffers);
  bias = op.getBias() ? buffers.take() : Value();
  residual = op.getResidual() ? buffers.take() : Value();
}

void ConvolutionKernel::bindResults(BufferCursor &buffers) {
  output = buffers.take();
}

void ConvolutionKernel::emit(KernelBuilder &builder) {
  BufferCursor buffers(builder.buffers());
  bindOperands(buffers);
  bindResults(buffers);
  emitLoops(builder);
}

int64_t ConvolutionKernel::channelSize() const {
  return outputPlanes ? outputPlanes.getSize()
                      : geometry.outHeight * geometry.outWidth;
}

Value ConvolutionKernel::finish(ImplicitLocOpBuilder &b, ValueRange sums,
                                Value filter, Value position) const {
  Value sum = sums.front();
  if (residual && position)
    sum = arith::AddFOp::create(
        b, sum,
        vector::LoadOp::create(b, cast<VectorType>(sum.getType()), residual,
                               position));
  return activate(b, sum, activation);
}

/// Images are `channels` times `phases` times `size` elements, and phase `i mod
/// phases` of each channel begins `size` elements behind the one before.
static Value phaseBase(ImplicitLocOpBuilder &b, Value i, int64_t phases,
                       int64_t channels, int64_t size) {
  IndexArithmetic index(b);
  if (phases == 1)
    return index.mul(i, channels * size);
  return index.add(index.mul(index.div(i, phases), channels * phases * size),
                   index.mul(index.rem(i, phases), size));
}

Value ConvolutionKernel::inputBase(ImplicitLocOpBuilder &b, Value i,
                                   int64_t lanes) const {
  int64_t size = planes.getPlaneSize() / geometry.phases;
  return phaseBase(b, i, geometry.phases, geometry.channels, size / lanes);
}

Value ConvolutionKernel::outputBase(ImplicitLocOpBuilder &b, Value i,
                                    int64_t lanes) const {
  return phaseBase(b, i, geometry.phases, geometry.filters,
                   channelSize() / lanes);
}
