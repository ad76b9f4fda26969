// RUN: split-file %s %t
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/none.json 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: schedules of '{{.*}}none.json' cannot be read: No such file or directory
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-filter-groups=file=%t/none.json 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/empty.mlir 2>&1 | FileCheck %s --check-prefix=JSON
// JSON: error: schedules of '{{.*}}' cannot be read: [1:1
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/format.json 2>&1 | FileCheck %s --check-prefix=FORMAT
// FORMAT: cannot be read: expected an object whose format is 'patternc schedules'
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/version.json 2>&1 | FileCheck %s --check-prefix=VERSION
// VERSION: cannot be read: expected version 1
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/array.json 2>&1 | FileCheck %s --check-prefix=ARRAY
// ARRAY: cannot be read: expected an array 'schedules'
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/object.json 2>&1 | FileCheck %s --check-prefix=OBJECT
// OBJECT: cannot be read: number 2: expected an object
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/field.json 2>&1 | FileCheck %s --check-prefix=FIELD
// FIELD: cannot be read: number 1: field 'plan' is unknown or of another type than expected
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/target.json 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: cannot be read: number 1: expected #pattern.target, but found '#pattern.target<device = cpu>': expected vectors of a power of two
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/schedule.json 2>&1 | FileCheck %s --check-prefix=SCHEDULE
// SCHEDULE: cannot be read: number 1: expected #schedule., but found '#schedule.vm_direct<filters = 0, unroll = 1>': expected filters from 1 to 1024, but found 0
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/other.json 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: cannot be read: number 1: expected #schedule., but found '#pattern.target<device = vm>'
// What MLIR's own parser dies of does not come to it.
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/foreign.json 2>&1 | FileCheck %s --check-prefix=FOREIGN
// FOREIGN: cannot be read: number 1: expected #schedule., but found 'array<tf32: 1>'
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/layer.json 2>&1 | FileCheck %s --check-prefix=LAYER
// LAYER: cannot be read: number 1: layers have no field 'size'; they have name, input, weights,
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/group.json 2>&1 | FileCheck %s --check-prefix=GROUP
// GROUP: cannot be read: number 1: expected a filter_group from 1 to 1024, but found 0
// RUN: not pattern-opt %t/empty.mlir -pattern-apply-schedules=file=%t/nothing.json 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: cannot be read: number 1: expected a target, a layer, and a schedule or a filter_group

//--- empty.mlir
module {}
//--- format.json
{"format": "schedules"}
//--- version.json
{"format": "patternc schedules", "version": 2}
//--- array.json
{"format": "patternc schedules", "version": 1, "schedules": {}}
//--- object.json
{"format": "patternc schedules", "version": 1, "schedules": [
  {"target": "#pattern.target<device = vm>", "layer": {"groups": 1}, "filter_group": 4}, 3]}
//--- field.json
{"format": "patternc schedules", "version": 1, "schedules": [{"plan": "#schedule.vm_rows<unroll = 1>"}]}
//--- target.json
{"format": "patternc schedules", "version": 1, "schedules": [{"target": "#pattern.target<device = cpu>"}]}
//--- schedule.json
{"format": "patternc schedules", "version": 1, "schedules": [{"schedule": "#schedule.vm_direct<filters = 0, unroll = 1>"}]}
//--- other.json
{"format": "patternc schedules", "version": 1, "schedules": [{"schedule": "#pattern.target<device = vm>"}]}
//--- foreign.json
{"format": "patternc schedules", "version": 1, "schedules": [{"schedule": "array<tf32: 1>"}]}
//--- layer.json
{"format": "patternc schedules", "version": 1, "schedules": [{"layer": {"size": 3}}]}
//--- group.json
{"format": "patternc schedules", "version": 1, "schedules": [{"filter_group": 0}]}
//--- nothing.json
{"format": "patternc schedules", "version": 1, "schedules": [{"target": "#pattern.target<device = vm>", "filter_group": 4}]}
