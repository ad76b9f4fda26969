// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialect/PatternAttributes.h"

#include "dialect/PatternDialect.h"
#include "dialect/SizeLimits.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace patternc;

#include "dialect/PatternEnums.cpp.inc"
#include "dialect/ScheduleInterface.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/PatternAttributes.cpp.inc"

void PatternDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/PatternAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// KernelPatternsAttr
//===----------------------------------------------------------------------===//

/// Ids are bytes and 0 means a removed kernel.
static constexpr int64_t maxPatterns = 255;

KernelPatternsAttr KernelPatternsAttr::getAllPositions(MLIRContext *context,
                                                       int64_t height,
                                                       int64_t width) {
  auto positions =
      llvm::to_vector_of<int32_t>(llvm::seq<int64_t>(0, height * width));
  return get(context, height, width, height * width, positions);
}

Attribute KernelPatternsAttr::parse(AsmParser &parser, Type) {
  SmallVector<int64_t> size;
  SMLoc loc;
  SmallVector<int32_t> positions;
  std::optional<int64_t> entries;
  auto parsePattern = [&]() -> ParseResult {
    SMLoc patternLoc = parser.getCurrentLocation();
    int64_t before = positions.size();
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
          return parser.parseInteger(positions.emplace_back());
        }))
      return failure();
    int64_t count = positions.size() - before;
    if (entries && *entries != count)
      return parser.emitError(patternLoc)
             << "pattern has " << count << " positions, but the first has "
             << *entries;
    entries = count;
    return success();
  };
  if (parser.parseLess() || parser.getCurrentLocation(&loc) ||
      parser.parseDimensionList(size, /*allowDynamic=*/false,
                                /*withTrailingX=*/false))
    return {};
  if (size.size() != 2) {
    parser.emitError(loc, "expected a kernel size like 3x3");
    return {};
  }
  if (parser.parseComma() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                     parsePattern) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<KernelPatternsAttr>(loc, parser.getContext(),
                                               size[0], size[1],
                                               entries.value_or(0), positions);
}

void KernelPatternsAttr::print(AsmPrinter &printer) const {
  printer << '<' << getHeight() << 'x' << getWidth() << ", [";
  llvm::interleaveComma(llvm::seq<int64_t>(0, getNumPatterns()), printer,
                        [&](int64_t index) {
                          printer << '[';
                          llvm::interleaveComma(getPattern(index), printer);
                          printer << ']';
                        });
  printer << "]>";
}

LogicalResult
KernelPatternsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                           int64_t height, int64_t width, int64_t entries,
                           ArrayRef<int32_t> positions) {
  if (height <= 0 || width <= 0)
    return emitError() << "kernel size " << height << "x" << width
                       << " is not positive";
  if (saturatedProduct({height, width}) > maxKernelPositions)
    return emitError() << "kernel size " << height << "x" << width
                       << " has more than " << maxKernelPositions
                       << " positions";
  if (entries <= 0 || positions.empty() || positions.size() % entries != 0)
    return emitError() << "expected at least one pattern with at least one "
                          "position";
  int64_t count = positions.size() / entries;
  if (count > maxPatterns)
    return emitError() << "set has " << count << " patterns, more than "
                       << maxPatterns;
  for (int64_t index = 0; index < count; ++index) {
    ArrayRef<int32_t> pattern = positions.slice(index * entries, entries);
    for (auto [i, position] : llvm::enumerate(pattern)) {
      if (position < 0 || position >= height * width)
        return emitError() << "position " << position << " is outside the "
                           << height << "x" << width << " kernel";
      if (i > 0 && pattern[i - 1] >= position)
        return emitError() << "positions of pattern " << index + 1
                           << " are not in ascending order";
    }
    for (int64_t other = 0; other < index; ++other)
      if (positions.slice(other * entries, entries) == pattern)
        return emitError() << "patterns " << other + 1 << " and " << index + 1
                           << " are the same";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// KernelMapAttr
//===----------------------------------------------------------------------===//

LogicalResult
KernelMapAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      KernelPatternsAttr set, ElementsAttr ids) {
  if (!isa<DenseIntElementsAttr, DenseResourceElementsAttr>(ids))
    return emitError() << "expected dense kernel ids or a resource";
  auto type = dyn_cast<RankedTensorType>(ids.getShapedType());
  if (!type || !type.hasStaticShape() || type.getRank() != 2 ||
      !type.getElementType().isUnsignedInteger(8))
    return emitError() << "expected kernel ids as a rank-2 tensor of ui8, but "
                          "found "
                       << ids.getShapedType();
  if (saturatedProduct(type.getShape()) > maxKernels)
    return emitError() << "kernel ids are " << type << ", expected at most "
                       << maxKernels;
  return success();
}

//===----------------------------------------------------------------------===//
// TargetAttr
//===----------------------------------------------------------------------===//

TargetAttr TargetAttr::getDefault(MLIRContext *context) {
  return get(context, Device::Cpu,
             TargetFeature::BroadcastLoad | TargetFeature::SoftwarePrefetch,
             /*vector_bits=*/512, /*registers=*/32, /*cores=*/4,
             /*line_bytes=*/64, /*page_bytes=*/4096, /*l1_bytes=*/1 << 15,
             /*l2_bytes=*/1 << 20, /*stack_bytes=*/1 << 15, /*threads=*/0,
             /*shared_bytes=*/0, /*subgroup=*/0);
}

TargetAttr TargetAttr::of(Operation *op) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<ModuleOp>();
  auto target =
      module ? module->getAttrOfType<TargetAttr>(attributeName) : TargetAttr();
  return target ? target : getDefault(op->getContext());
}

LogicalResult
TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError, Device device,
                   TargetFeature, int64_t vectorBits, int64_t registers,
                   int64_t cores, int64_t lineBytes, int64_t pageBytes,
                   int64_t l1Bytes, int64_t l2Bytes, int64_t stackBytes,
                   int64_t threads, int64_t sharedBytes, int64_t subgroup) {
  if (cores <= 0 || lineBytes <= 0 || pageBytes <= 0 || l1Bytes <= 0 ||
      l2Bytes <= 0 || stackBytes <= 0)
    return emitError() << "expected positive cores and sizes of line, page, "
                          "caches and stack";
  for (int64_t number :
       {vectorBits, registers, cores, threads, sharedBytes, subgroup})
    if (number < 0 || number > maxPositions)
      return emitError() << "expected numbers of 0 to " << maxPositions
                         << ", but found " << number;
  for (int64_t bytes : {lineBytes, pageBytes, l1Bytes, l2Bytes, stackBytes})
    if (bytes > maxTensorBytes)
      return emitError() << "expected sizes of at most " << maxTensorBytes
                         << " bytes, but found " << bytes;
  // Planes end with a cache line, and vectors must not reach beyond it.
  if (!llvm::isPowerOf2_64(lineBytes) || lineBytes < 4 || lineBytes > 1024)
    return emitError() << "expected lines of a power of two from 4 to 1024 "
                          "bytes, but found "
                       << lineBytes;
  if (device == Device::Cpu &&
      (vectorBits < 32 || !llvm::isPowerOf2_64(vectorBits) ||
       vectorBits > 8 * lineBytes))
    return emitError() << "expected vectors of a power of two from 32 bits to "
                          "a line of "
                       << 8 * lineBytes << ", but found " << vectorBits;
  if (device == Device::Cpu && registers == 0)
    return emitError() << "expected vector registers of a cpu";
  if (device == Device::Gpu && (threads == 0 || subgroup == 0))
    return emitError() << "expected threads of a workgroup and of a subgroup "
                          "of a gpu";
  if (subgroup > threads)
    return emitError() << "subgroup of " << subgroup
                       << " threads is larger than a workgroup of " << threads;
  return success();
}

//===----------------------------------------------------------------------===//
// FkwAttr
//===----------------------------------------------------------------------===//

LogicalResult FkwAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              KernelPatternsAttr, int64_t group) {
  if (group <= 0)
    return emitError() << "filter group " << group << " is not positive";
  if (group > maxAtOnce)
    return emitError() << "filter group " << group << " is larger than "
                       << maxAtOnce;
  return success();
}

//===----------------------------------------------------------------------===//
// UniformAttr, LookupAttr, QuantizationAttr
//===----------------------------------------------------------------------===//

/// With or without a sign.
static bool isByte(int64_t number) {
  return llvm::isInt<8>(number) || llvm::isUInt<8>(number);
}

LogicalResult UniformAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  FloatAttr scale, int64_t zeroPoint) {
  double step = scale.getValueAsDouble();
  if (!scale.getType().isF64() || !std::isfinite(step) || step <= 0)
    return emitError() << "expected a scale above 0, but found " << scale;
  if (!isByte(zeroPoint))
    return emitError() << "zero point " << zeroPoint << " is no byte";
  return success();
}

LogicalResult LookupAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 UniformAttr, DenseIntElementsAttr table) {
  if (!table.getElementType().isSignlessInteger(8) ||
      table.getType().getShape() != ArrayRef<int64_t>{256})
    return emitError() << "expected a table of 256 bytes, but found "
                       << table.getType();
  return success();
}

UniformAttr QuantizationAttr::getRounded() const {
  return getLookup() ? getLookup().getFrom() : getOutput();
}

LogicalResult
QuantizationAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                         Bytes bytes, UniformAttr input, UniformAttr output,
                         int64_t low, int64_t high, UniformAttr residual,
                         LookupAttr lookup) {
  SmallVector<int64_t> numbers{input.getZeroPoint(), output.getZeroPoint(), low,
                               high};
  if (residual)
    numbers.push_back(residual.getZeroPoint());
  if (lookup)
    numbers.push_back(lookup.getFrom().getZeroPoint());
  for (int64_t number : numbers)
    if (bytes == Bytes::Signed ? !llvm::isInt<8>(number)
                               : !llvm::isUInt<8>(number))
      return emitError() << "expected numbers of " << stringifyBytes(bytes)
                         << ", but found " << number;
  if (low > high)
    return emitError() << "range " << low << " to " << high << " is empty";
  return success();
}

//===----------------------------------------------------------------------===//
// PlanesAttr
//===----------------------------------------------------------------------===//

PlanesAttr patternc::planesOf(Value image) {
  auto type = cast<RankedTensorType>(image.getType());
  return dyn_cast_or_null<PlanesAttr>(type.getEncoding());
}

Attribute PlanesAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> strides;
  auto parseNumber = [&](StringRef name, int64_t &value) -> ParseResult {
    return failure(parser.parseComma() || parser.parseKeyword(name) ||
                   parser.parseEqual() || parser.parseInteger(value));
  };
  int64_t origin = 0, pitch = 0, size = 0, padding = 0;
  auto parsePadding = [&]() -> ParseResult {
    if (parser.parseOptionalComma())
      return success();
    return failure(parser.parseKeyword("padding") || parser.parseEqual() ||
                   parser.parseInteger(padding));
  };
  if (parser.parseLess() || parser.parseKeyword("strides") ||
      parser.parseEqual() ||
      parser.parseCommaSeparatedList(
          AsmParser::Delimiter::Square,
          [&] { return parser.parseInteger(strides.emplace_back()); }) ||
      parseNumber("origin", origin) || parseNumber("pitch", pitch) ||
      parseNumber("size", size) || parsePadding() || parser.parseGreater())
    return {};
  MLIRContext *context = parser.getContext();
  return parser.getChecked<PlanesAttr>(loc, context,
                                       DenseI64ArrayAttr::get(context, strides),
                                       origin, pitch, size, padding);
}

void PlanesAttr::print(AsmPrinter &printer) const {
  printer << "<strides = [" << getStrides().asArrayRef()
          << "], origin = " << getOrigin() << ", pitch = " << getPitch()
          << ", size = " << getSize();
  if (getPadding())
    printer << ", padding = " << getPadding();
  printer << '>';
}

LogicalResult PlanesAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 DenseI64ArrayAttr strides, int64_t origin,
                                 int64_t pitch, int64_t size, int64_t padding) {
  if (!isByte(padding))
    return emitError() << "padding " << padding << " is no byte";
  if (strides.size() != 2 ||
      llvm::any_of(strides.asArrayRef(), [](int64_t s) { return s <= 0; }))
    return emitError() << "expected two positive strides";
  int64_t phases = saturatedProduct(strides.asArrayRef());
  if (phases > maxPhases)
    return emitError() << "strides make " << phases
                       << " phases, expected at most " << maxPhases;
  if (origin < 0)
    return emitError() << "origin " << origin << " is negative";
  if (pitch <= 0 || size <= 0)
    return emitError() << "pitch and size must be positive";
  if (int64_t elements = saturatedProduct({phases, size});
      elements > maxPositions)
    return emitError() << "planes have " << elements
                       << " elements a channel, expected at most "
                       << maxPositions;
  if (origin > size || pitch > size)
    return emitError() << "origin " << origin << " and pitch " << pitch
                       << " are beyond planes of size " << size;
  return success();
}

LogicalResult
PlanesAttr::verifyEncoding(ArrayRef<int64_t> shape, Type element,
                           function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 4 || ShapedType::isDynamicShape(shape))
    return emitError() << "planes need a static tensor of rank 4";
  if (!element.isF16() && !element.isF32() && !element.isSignlessInteger(8))
    return emitError() << "planes need elements of f16, f32 or i8, but found "
                       << element;
  if (getPadding() && isa<FloatType>(element))
    return emitError() << "padding " << getPadding()
                       << " is for bytes, but the elements are " << element;
  int64_t rows = llvm::divideCeilSigned(shape[2], getStrides()[0]);
  int64_t columns = llvm::divideCeilSigned(shape[3], getStrides()[1]);
  if (getPitch() < columns)
    return emitError() << "planes of pitch " << getPitch()
                       << " do not hold rows of " << columns;
  int64_t end = getOrigin() +
                std::min(saturatedProduct({rows, getPitch()}), maxTensorBytes);
  if (getSize() < end)
    return emitError() << "planes of size " << getSize()
                       << " do not hold rows that end at " << end;
  if (saturatedProduct({shape[0], shape[1], getPlaneSize(),
                        element.getIntOrFloatBitWidth() / 8}) > maxTensorBytes)
    return emitError() << "planes take more than " << maxTensorBytes
                       << " bytes";
  return success();
}
