// Copies an image into planes, one channel a workgroup. Everything that is not
// image is written as zero: padding, slack, and columns that a stride leaves
// over.

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/ConvolutionKernel.h"
#include "passes/IndexArithmetic.h"

using namespace mlir;
using namespace patternc;

namespace {

class PackKernel {
public:
  PackKernel(StreamExecutable &executable, PackOp op, int64_t lanes)
      : executable(executable), b(executable.body()), index(b), lanes(lanes),
        shape(op.getInput().getType().getShape()),
        planes(cast<PlanesAttr>(op.getOutput().getType().getEncoding())),
        source(executable.buffers()[0]), target(executable.buffers()[1]) {}

  /// Loops over rows, each image, then zeros.
  void emitLoops() {
    emitBases(executable.workgroupId(0), executable.workgroupId(1));
    for (int64_t phase = 0; phase < planes.getPhases(); ++phase) {
      int64_t rows = phaseExtent(shape[2], strideH(), phase / strideW());
      int64_t columns = phaseExtent(shape[3], strideW(), phase % strideW());
      Value plane = index.add(targetBase, phase * planes.getSize());
      int64_t imageEnd = planes.getOrigin();
      fill(plane, 0, planes.getOrigin());
      if (rows > 0 && columns > 0) {
        loop(0, rows, [&](Value row) {
          Value to =
              index.add(plane, index.add(index.mul(row, planes.getPitch()),
                                         planes.getOrigin()));
          Value y = index.add(index.mul(row, strideH()), phase / strideW());
          Value from = index.add(index.add(sourceBase, index.mul(y, shape[3])),
                                 phase % strideW());
          copyRow(from, to, columns);
          fill(to, columns, planes.getPitch());
        });
        imageEnd += rows * planes.getPitch();
      }
      fill(plane, imageEnd, planes.getSize());
    }
  }

  /// One thread for an element of the planes.
  void emitThread(int64_t threads) {
    Value element =
        index.add(index.mul(executable.workgroupId(0), threads),
                  Value(gpu::ThreadIdOp::create(b, gpu::Dimension::x)));
    emitBases(executable.workgroupId(1), executable.workgroupId(2));
    auto inPlanes =
        scf::IfOp::create(b, index.less(element, planes.getPlaneSize()),
                          /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(inPlanes.thenBlock());
    int64_t pitch = planes.getPitch();
    Value phase = index.div(element, planes.getSize());
    // Before the origin this wraps around, to a row beyond the image.
    Value inRun =
        index.add(index.rem(element, planes.getSize()), -planes.getOrigin());
    Value y = index.add(index.mul(index.div(inRun, pitch), strideH()),
                        index.div(phase, strideW()));
    Value x = index.add(index.mul(index.rem(inRun, pitch), strideW()),
                        index.rem(phase, strideW()));
    Value inImage = arith::AndIOp::create(b, index.less(y, shape[2]),
                                          index.less(x, shape[3]));
    auto value = scf::IfOp::create(b, TypeRange{b.getF32Type()}, inImage,
                                   /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard inner(b);
      b.setInsertionPointToStart(value.thenBlock());
      Value at = index.add(sourceBase, index.add(index.mul(y, shape[3]), x));
      Value loaded = memref::LoadOp::create(b, source, at);
      scf::YieldOp::create(b, loaded);
      b.setInsertionPointToStart(value.elseBlock());
      Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
      scf::YieldOp::create(b, zero);
    }
    memref::StoreOp::create(b, value.getResult(0), target,
                            index.add(targetBase, element));
  }

private:
  int64_t strideH() const { return planes.getStrides()[0]; }
  int64_t strideW() const { return planes.getStrides()[1]; }

  /// Rows or columns of the image that stand in a phase.
  static int64_t phaseExtent(int64_t size, int64_t stride, int64_t phase) {
    return std::max<int64_t>(0, llvm::divideCeilSigned(size - phase, stride));
  }

  void emitBases(Value channel, Value image) {
    Value plane = index.add(index.mul(image, shape[1]), channel);
    sourceBase = index.mul(plane, shape[2] * shape[3]);
    targetBase = index.mul(plane, planes.getPlaneSize());
  }

  void loop(int64_t begin, int64_t end, function_ref<void(Value)> body,
            int64_t step = 1) {
    if (begin >= end)
      return;
    auto loop = scf::ForOp::create(b, index.constant(begin),
                                   index.constant(end), index.constant(step));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  /// Calls `body` with a position and a type for every vector of `begin` to
  /// `end`. The last vector ends at `end` and may overlap the one before; where
  /// there is no room for one, elements are taken one by one.
  void vectorLoop(int64_t begin, int64_t end,
                  function_ref<void(Value, VectorType)> body) {
    if (lanes == 1 || end - begin < lanes)
      return loop(begin, end, [&](Value i) { body(i, {}); });
    auto type = VectorType::get(lanes, b.getF32Type());
    loop(begin, end - lanes, [&](Value i) { body(i, type); }, lanes);
    body(index.constant(end - lanes), type);
  }

  /// Copies one row of a phase.
  void copyRow(Value from, Value to, int64_t columns) {
    auto copy = [&](Value column, VectorType type) {
      Value read = index.add(from, index.mul(column, strideW()));
      Value written = index.add(to, column);
      if (type) {
        Value value = vector::LoadOp::create(b, type, source, read);
        vector::StoreOp::create(b, value, target, written);
      } else {
        Value value = memref::LoadOp::create(b, source, read);
        memref::StoreOp::create(b, value, target, written);
      }
    };
    if (strideW() == 1)
      vectorLoop(0, columns, copy);
    else
      loop(0, columns, [&](Value i) { copy(i, {}); });
  }

  void fill(Value base, int64_t begin, int64_t end) {
    vectorLoop(begin, end, [&](Value i, VectorType type) {
      Value at = index.add(base, i);
      if (type) {
        Value zeros =
            arith::ConstantOp::create(b, DenseElementsAttr::get(type, 0.0f));
        vector::StoreOp::create(b, zeros, target, at);
      } else {
        Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
        memref::StoreOp::create(b, zero, target, at);
      }
    });
  }

  StreamExecutable &executable;
  ImplicitLocOpBuilder &b;
  IndexArithmetic index;
  int64_t lanes;
  ArrayRef<int64_t> shape;
  PlanesAttr planes;
  Value source, target, sourceBase, targetBase;
};

} // namespace

void patternc::emitPackKernel(StreamExecutable &executable, PackOp op,
                              ScheduleAttr schedule) {
  PackKernel kernel(executable, op, schedule.getLanes());
  if (schedule.getDevice() == Device::Gpu)
    kernel.emitThread(schedule.getLanes());
  else
    kernel.emitLoops();
}
