// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef KERNELS_CONVOLUTIONKERNEL_H
#define KERNELS_CONVOLUTIONKERNEL_H

#include "dialect/ConvolutionGeometry.h"
#include "kernels/Kernel.h"
#include "storage/FkwStorage.h"

namespace patternc {

/// The buffers of a kernel, taken one after the other.
class BufferCursor {
public:
  explicit BufferCursor(llvm::ArrayRef<mlir::Value> buffers)
      : buffers(buffers) {}

  mlir::Value take() {
    mlir::Value first = buffers.front();
    buffers = buffers.drop_front();
    return first;
  }

private:
  llvm::ArrayRef<mlir::Value> buffers;
};

/// What the kernels of packed convolutions share, whatever their loops are:
/// images, bias and residual.
class ConvolutionKernel : public Kernel {
public:
  /// The weights as they are stored or in an order of its own, and the arrays
  /// that say what they are.
  std::optional<KernelOperands> arrays(std::string &reason) override;

  std::optional<KernelOperands> operands(std::string &reason) override;
  bool isPartOfConsumer() const override;
  void emit(KernelBuilder &builder) override;

  /// The name of an array of the layer.
  std::string arrayName(llvm::StringRef suffix) const;

  KernelPatternsAttr patterns() const { return storage.getSet(); }
  /// Taps of a kernel.
  int64_t taps() const { return patterns().getEntries(); }
  int64_t group() const { return storage.getGroup(); }
  int64_t pitch() const { return planes.getPitch(); }

  /// Elements of the output that one phase of a channel takes in memory.
  int64_t channelSize() const;
  /// Elements from one channel of the output to the next.
  int64_t channelStride() const { return geometry.phases * channelSize(); }
  /// Number of images and phases, and where number `i` of them begins in the
  /// input and in the output, in vectors of `lanes` elements.
  int64_t images() const { return geometry.batch * geometry.phases; }
  mlir::Value inputBase(mlir::ImplicitLocOpBuilder &b, mlir::Value i,
                        int64_t lanes = 1) const;
  mlir::Value outputBase(mlir::ImplicitLocOpBuilder &b, mlir::Value i,
                         int64_t lanes = 1) const;

  /// The vector that is stored of the `sums` of `filter`, which are one vector
  /// unless they are wider than what is stored: the residual at `position` of
  /// the output, if there is one, is added, and the activation applied.
  virtual mlir::Value finish(mlir::ImplicitLocOpBuilder &b,
                             mlir::ValueRange sums, mlir::Value filter,
                             mlir::Value position) const;

  PackedConv2DOp op;
  ConvolutionGeometry geometry;
  TargetAttr target;
  mlir::Type element; // of images and weights: f32, f16 or i8
  FkwAttr storage;
  Activation activation;
  QuantizationAttr quantization; // of bytes, or null
  PlanesAttr planes;
  PlanesAttr outputPlanes; // null for a plain output

  mlir::Value input;    // N × C × phases × size + slack
  mlir::Value weight;   // kernels × entries × group
  mlir::Value bias;     // filters; null without bias
  mlir::Value residual; // as the output; null without residual
  mlir::Value output;   // N × O × H' × W' or planes

protected:
  explicit ConvolutionKernel(PackedConv2DOp op);

  /// Appends the arrays that go with `weights`, of which `operands` holds the
  /// operand so far; fails with a reason.
  virtual llvm::LogicalResult addArrays(llvm::ArrayRef<float> weights,
                                        FkwIndices indices,
                                        KernelOperands &operands,
                                        std::string &reason) = 0;
  /// Takes the buffers of these arrays, but for the weights.
  virtual void bindArrays(BufferCursor &buffers) = 0;

  /// The kernel that makes the input in the same workgroups, or null.
  virtual ConvolutionKernel *inputKernel() const { return nullptr; }
  /// Takes the buffers of all operands.
  void bindOperands(BufferCursor &buffers);
  /// Takes the buffers of the results.
  virtual void bindResults(BufferCursor &buffers);

  virtual void emitLoops(KernelBuilder &builder) = 0;

private:
  /// All that it reads, and what the input is made of: the image, or all that
  /// the kernel reads that makes it.
  std::optional<KernelOperands> ownOperands(std::string &reason);
  std::optional<KernelOperands> inputOperands(std::string &reason);
};

} // namespace patternc

#endif // KERNELS_CONVOLUTIONKERNEL_H
