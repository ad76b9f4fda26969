// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "analysis/ScheduleFile.h"

#include "analysis/LayerShape.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace patternc;

static constexpr StringRef formatName = "patternc schedules";
static constexpr int64_t formatVersion = 1;

bool ScheduleEntry::isFor(const llvm::json::Object &shape,
                          TargetAttr compiled) const {
  return compiled == target && llvm::all_of(layer, [&](const auto &field) {
           const llvm::json::Value *value = shape.get(field.first);
           return value && *value == field.second;
         });
}

/// The attribute that `text` stands for, which begins with `prefix`; null, with
/// the reason, if it is none.
template <typename AttributeT>
static AttributeT parse(StringRef text, StringRef prefix, MLIRContext *context,
                        std::string &reason) {
  std::string error;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (error.empty())
      error = diagnostic.str();
    return success();
  });
  // MLIR's parser dies of some texts of other attributes.
  if (text.starts_with(prefix))
    if (auto result =
            dyn_cast_or_null<AttributeT>(parseAttribute(text, context)))
      return result;
  reason = llvm::formatv("expected {0}, but found '{1}'{2}{3}", prefix, text,
                         error.empty() ? "" : ": ", error);
  return {};
}

/// An entry, or nothing, with the reason.
static std::optional<ScheduleEntry> readEntry(const llvm::json::Value &value,
                                              MLIRContext *context,
                                              std::string &reason) {
  ScheduleEntry entry;
  const llvm::json::Object *object = value.getAsObject();
  if (!object) {
    reason = "expected an object";
    return std::nullopt;
  }
  for (const auto &[key, field] : *object) {
    if (key == "target" && field.getAsString()) {
      entry.target = parse<TargetAttr>(*field.getAsString(), "#pattern.target",
                                       context, reason);
      if (!entry.target)
        return std::nullopt;
    } else if (key == "schedule" && field.getAsString()) {
      entry.schedule =
          parse<Schedule>(*field.getAsString(), "#schedule.", context, reason);
      if (!entry.schedule)
        return std::nullopt;
    } else if (key == "layer" && field.getAsObject()) {
      entry.layer = *field.getAsObject();
    } else if (key == "filter_group" && field.getAsInteger()) {
      entry.filterGroup = *field.getAsInteger();
    } else {
      reason = llvm::formatv("field '{0}' is unknown or of another type than "
                             "expected",
                             StringRef(key));
      return std::nullopt;
    }
  }
  for (const auto &[key, field] : entry.layer)
    if (!llvm::is_contained(layerShapeFields, StringRef(key))) {
      reason = llvm::formatv("layers have no field '{0}'; they have {1}",
                             StringRef(key),
                             llvm::join(ArrayRef(layerShapeFields), ", "));
      return std::nullopt;
    }
  if (entry.filterGroup &&
      (*entry.filterGroup < 1 || *entry.filterGroup > maxAtOnce)) {
    reason = llvm::formatv("expected a filter_group from 1 to {0}, but found "
                           "{1}",
                           maxAtOnce, *entry.filterGroup);
    return std::nullopt;
  }
  if (!entry.target || entry.layer.empty() ||
      (!entry.schedule && !entry.filterGroup)) {
    reason = "expected a target, a layer, and a schedule or a filter_group";
    return std::nullopt;
  }
  return entry;
}

FailureOr<std::vector<ScheduleEntry>>
patternc::readScheduleFile(StringRef path, MLIRContext *context) {
  auto error = [&]() -> InFlightDiagnostic {
    return emitError(UnknownLoc::get(context))
           << "schedules of '" << path << "' cannot be read: ";
  };
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return error() << buffer.getError().message();
  llvm::Expected<llvm::json::Value> json =
      llvm::json::parse((*buffer)->getBuffer());
  if (!json)
    return error() << llvm::toString(json.takeError());
  const llvm::json::Object *object = json->getAsObject();
  if (!object || object->getString("format") != formatName)
    return error() << "expected an object whose format is '" << formatName
                   << "'";
  if (object->getInteger("version") != formatVersion)
    return error() << "expected version " << formatVersion;
  const llvm::json::Array *values = object->getArray("schedules");
  if (!values)
    return error() << "expected an array 'schedules'";
  std::vector<ScheduleEntry> entries;
  for (auto [number, value] : llvm::enumerate(*values)) {
    std::string reason;
    std::optional<ScheduleEntry> entry = readEntry(value, context, reason);
    if (!entry)
      return error() << "number " << number + 1 << ": " << reason;
    entries.push_back(std::move(*entry));
  }
  return entries;
}
