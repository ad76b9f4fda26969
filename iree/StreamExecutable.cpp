// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// IREE's operations are created by name: their dialects are known here as text
// only (IreeDialects.h). Inherent attributes go into the properties, which is
// where IREE's parser looks for them.

#include "iree/StreamExecutable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace patternc;

static Operation *createNamed(OpBuilder &b, Location loc, StringRef name,
                              TypeRange results, ValueRange operands,
                              ArrayRef<NamedAttribute> properties = {},
                              unsigned regions = 0) {
  OperationState state(loc, name);
  state.addTypes(results);
  state.addOperands(operands);
  if (!properties.empty())
    state.propertiesAttr = b.getDictionaryAttr(properties);
  for (unsigned i = 0; i < regions; ++i)
    state.addRegion()->emplaceBlock();
  return b.create(state);
}

/// Symbols of kernels consist of letters, digits and underscores and begin with
/// a letter, so that they are names in every assembler and in SPIR-V.
static std::string symbolName(ModuleOp module, StringRef layer) {
  std::string base = layer.str();
  for (char &c : base)
    if (!llvm::isAlnum(c))
      c = '_';
  if (base.empty() || !llvm::isAlpha(base.front()))
    base = "layer_" + base;
  std::string name = base;
  for (unsigned i = 1; SymbolTable::lookupSymbolIn(module, name); ++i)
    name = base + "_" + std::to_string(i);
  return name;
}

/// The flat buffer behind a tensor. IREE packs several buffers into one, and
/// its vmvx and SPIR-V back ends want to see in the type that they may not
/// begin at its start.
static MemRefType bufferType(RankedTensorType tensor, Device device) {
  MemRefLayoutAttrInterface layout;
  if (device != Device::Cpu)
    layout =
        StridedLayoutAttr::get(tensor.getContext(), ShapedType::kDynamic, {1});
  return MemRefType::get({tensor.getNumElements()}, tensor.getElementType(),
                         layout);
}

StreamExecutable::StreamExecutable(ModuleOp module, Location loc,
                                   StringRef name, TypeRange bindings,
                                   const Grid &grid)
    : KernelBuilder(loc) {
  Device device = TargetAttr::of(module).getDevice();
  MLIRContext *context = module.getContext();
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  std::string symbol = symbolName(module, name);
  entryPoint = SymbolRefAttr::get(context, symbol,
                                  FlatSymbolRefAttr::get(context, symbol));
  NamedAttribute symbolAttr =
      b.getNamedAttr("sym_name", b.getStringAttr(symbol));

  Operation *executable =
      createNamed(b, loc, "stream.executable", {}, {},
                  {symbolAttr, b.getNamedAttr("sym_visibility",
                                              b.getStringAttr("private"))},
                  /*regions=*/1);
  b.setInsertionPointToStart(&executable->getRegion(0).front());

  Operation *entry = createNamed(
      b, loc, "stream.executable.export", {}, {},
      {b.getNamedAttr("function_ref", FlatSymbolRefAttr::get(context, symbol)),
       symbolAttr, b.getNamedAttr("sym_visibility", b.getStringAttr("public"))},
      /*regions=*/1);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&entry->getRegion(0).front());
    SmallVector<Value> counts;
    for (int64_t count : grid.workgroups)
      counts.push_back(arith::ConstantIndexOp::create(b, loc, count));
    createNamed(b, loc, "stream.return", {}, counts);
  }

  auto inner = ModuleOp::create(b, loc);
  createNamed(b, loc, "stream.executable.end", {}, {});
  auto bindingType = OpaqueType::get(b.getStringAttr("stream"), "binding");
  SmallVector<Type> arguments(bindings.size(), bindingType);
  b.setInsertionPointToStart(inner.getBody());
  auto function =
      func::FuncOp::create(b, loc, symbol, b.getFunctionType(arguments, {}));
  if (device == Device::Gpu) {
    std::string info =
        "translation_info<pipeline = #iree_gpu.spirv_pipeline<BaseLowering> "
        "workgroup_size = [" +
        std::to_string(grid.threads) + ", 1, 1]>";
    function->setAttr("translation_info",
                      OpaqueAttr::get(b.getStringAttr("iree_codegen"), info,
                                      b.getNoneType()));
  }
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToStart(block);
  Value offset = bindingOffset(device);
  for (auto [binding, argument] :
       llvm::zip_equal(bindings, block->getArguments()))
    bufferValues.push_back(subspan(
        builder, loc, bufferType(cast<RankedTensorType>(binding), device),
        argument, offset));
  auto end = func::ReturnOp::create(builder);
  builder.setInsertionPoint(end);
}

Value StreamExecutable::bindingOffset(Device device) {
  if (device == Device::Cpu)
    return arith::ConstantIndexOp::create(builder, 0);
  return arith::DivUIOp::create(
      builder, workgroup("stream.dispatch.workgroup.id", 0),
      workgroup("stream.dispatch.workgroup.count", 0));
}

Value StreamExecutable::workgroup(StringRef operation, int64_t dimension) {
  return createNamed(builder, builder.getLoc(), operation,
                     TypeRange{builder.getIndexType()}, {},
                     {builder.getNamedAttr("dimension",
                                           builder.getIndexAttr(dimension))})
      ->getResult(0);
}

Value StreamExecutable::workgroupId(int64_t dimension) {
  return workgroup("stream.dispatch.workgroup.id", dimension);
}

Value StreamExecutable::subspan(OpBuilder &b, Location loc, MemRefType type,
                                Value binding, Value offset) {
  return createNamed(b, loc, "stream.binding.subspan", TypeRange{type},
                     ValueRange{binding, offset})
      ->getResult(0);
}

Value StreamExecutable::threadId() {
  return gpu::ThreadIdOp::create(builder, gpu::Dimension::x);
}

Value StreamExecutable::asVectors(Value buffer, int64_t lanes) {
  Operation *elements = buffer.getDefiningOp();
  auto type = cast<MemRefType>(buffer.getType());
  // Beside the other view, where everything that is done with either follows.
  OpBuilder b(elements);
  return subspan(b, elements->getLoc(),
                 MemRefType::get({type.getNumElements() / lanes},
                                 VectorType::get(lanes, type.getElementType()),
                                 type.getLayout()),
                 elements->getOperand(0), elements->getOperand(1));
}

Value StreamExecutable::sharedMemory(MemRefType type) {
  auto space = gpu::AddressSpaceAttr::get(type.getContext(),
                                          gpu::AddressSpace::Workgroup);
  return memref::AllocOp::create(
      builder, MemRefType::get(type.getShape(), type.getElementType(),
                               MemRefLayoutAttrInterface(), space));
}

void StreamExecutable::barrier() { gpu::BarrierOp::create(builder); }

Value StreamExecutable::call(OpBuilder &caller, Location loc,
                             ValueRange operands,
                             ArrayRef<RankedTensorType> results) {
  int32_t count = operands.size();
  SmallVector<Type> types(results.begin(), results.end());
  SmallVector<Attribute> untied(results.size(), caller.getIndexAttr(-1));
  return createNamed(caller, loc, "flow.dispatch", types, operands,
                     {caller.getNamedAttr("entry_points",
                                          caller.getArrayAttr({entryPoint})),
                      caller.getNamedAttr(
                          "operandSegmentSizes",
                          caller.getDenseI32ArrayAttr({0, count, 0, 0})),
                      caller.getNamedAttr("tied_operands",
                                          caller.getArrayAttr(untied))})
      ->getResult(0);
}
