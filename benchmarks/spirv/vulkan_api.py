# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The structures of Vulkan that `driver` fills in, as its C header declares them."""

import ctypes
from ctypes import (
    POINTER,
    c_char,
    c_char_p,
    c_float,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

NAME_BYTES = 256  # of names and descriptions
PHYSICAL_DEVICE_PROPERTIES_BYTES = 1024  # it has 824
DEVICE_NAME_OFFSET = 20  # in them
PHYSICAL_DEVICE_FEATURES_BYTES = 220

COMPUTE_STAGE = 0x20
STORAGE_BUFFER = 7  # a type of descriptor
CAPTURE_STATISTICS, CAPTURE_INTERNAL_REPRESENTATIONS = 0x40, 0x80  # flags of a pipeline

_Text = c_char * NAME_BYTES


class Structure(ctypes.Structure):
    """One whose first fields are its type and the next structure of a chain.

    Attributes:
      kind: what the first field says.
    """

    kind: int

    def __init__(self, **fields: Any) -> None:
        super().__init__(self.kind, **fields)


_CHAIN = (("kind_", c_uint32), ("next", c_void_p))
_FLAGS = ("flags", c_uint32)


class ApplicationInfo(Structure):
    kind = 0
    _fields_ = (
        *_CHAIN,
        ("name", c_char_p),
        ("version", c_uint32),
        ("engine_name", c_char_p),
        ("engine_version", c_uint32),
        ("api_version", c_uint32),
    )


class InstanceCreateInfo(Structure):
    kind = 1
    _fields_ = (
        *_CHAIN,
        _FLAGS,
        ("application", POINTER(ApplicationInfo)),
        ("layer_count", c_uint32),
        ("layers", POINTER(c_char_p)),
        ("extension_count", c_uint32),
        ("extensions", POINTER(c_char_p)),
    )


class DeviceQueueCreateInfo(Structure):
    kind = 2
    _fields_ = (
        *_CHAIN,
        _FLAGS,
        ("family", c_uint32),
        ("count", c_uint32),
        ("priorities", POINTER(c_float)),
    )


class DeviceCreateInfo(Structure):
    kind = 3
    _fields_ = (
        *_CHAIN,
        _FLAGS,
        ("queue_count", c_uint32),
        ("queues", POINTER(DeviceQueueCreateInfo)),
        ("layer_count", c_uint32),
        ("layers", POINTER(c_char_p)),
        ("extension_count", c_uint32),
        ("extensions", POINTER(c_char_p)),
        ("features", c_void_p),
    )


class PipelineExecutablePropertiesFeatures(Structure):
    kind = 1000269000
    _fields_ = (*_CHAIN, ("executable_info", c_uint32))


class ExtensionProperties(ctypes.Structure):
    _fields_ = (("name", _Text), ("version", c_uint32))


class DescriptorSetLayoutBinding(ctypes.Structure):
    _fields_ = (
        ("binding", c_uint32),
        ("type", c_uint32),
        ("count", c_uint32),
        ("stages", c_uint32),
        ("samplers", c_void_p),
    )


class DescriptorSetLayoutCreateInfo(Structure):
    kind = 32
    _fields_ = (
        *_CHAIN,
        _FLAGS,
        ("count", c_uint32),
        ("bindings", POINTER(DescriptorSetLayoutBinding)),
    )


class PushConstantRange(ctypes.Structure):
    _fields_ = (("stages", c_uint32), ("offset", c_uint32), ("size", c_uint32))


class PipelineLayoutCreateInfo(Structure):
    kind = 30
    _fields_ = (
        *_CHAIN,
        _FLAGS,
        ("set_count", c_uint32),
        ("sets", POINTER(c_uint64)),
        ("push_constant_count", c_uint32),
        ("push_constants", POINTER(PushConstantRange)),
    )


class ShaderModuleCreateInfo(Structure):
    kind = 16
    _fields_ = (*_CHAIN, _FLAGS, ("size", c_size_t), ("code", c_char_p))


class PipelineShaderStageCreateInfo(Structure):
    kind = 18
    _fields_ = (
        *_CHAIN,
        _FLAGS,
        ("stage", c_uint32),
        ("module", c_uint64),
        ("name", c_char_p),
        ("specialization", c_void_p),
    )


class ComputePipelineCreateInfo(Structure):
    kind = 29
    _fields_ = (
        *_CHAIN,
        _FLAGS,
        ("stage", PipelineShaderStageCreateInfo),
        ("layout", c_uint64),
        ("base", c_uint64),
        ("base_index", c_int32),
    )


class PipelineInfo(Structure):
    kind = 1000269001
    _fields_ = (*_CHAIN, ("pipeline", c_uint64))


class PipelineExecutableProperties(Structure):
    kind = 1000269002
    _fields_ = (
        *_CHAIN,
        ("stages", c_uint32),
        ("name", _Text),
        ("description", _Text),
        ("subgroup", c_uint32),
    )


class PipelineExecutableInfo(Structure):
    kind = 1000269003
    _fields_ = (*_CHAIN, ("pipeline", c_uint64), ("index", c_uint32))


class StatisticValue(ctypes.Union):
    _fields_ = (
        ("bool", c_uint32),
        ("int", ctypes.c_int64),
        ("uint", c_uint64),
        ("float", ctypes.c_double),
    )


class PipelineExecutableStatistic(Structure):
    kind = 1000269004
    _fields_ = (
        *_CHAIN,
        ("name", _Text),
        ("description", _Text),
        ("format", c_uint32),
        ("value", StatisticValue),
    )


class PipelineExecutableInternalRepresentation(Structure):
    kind = 1000269005
    _fields_ = (
        *_CHAIN,
        ("name", _Text),
        ("description", _Text),
        ("is_text", c_uint32),
        ("size", c_size_t),
        ("data", c_void_p),
    )
