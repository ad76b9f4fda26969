# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a Vulkan driver compiles a kernel to: its statistics, and the instructions of the GPU.

Drivers tell it by the extension VK_KHR_pipeline_executable_properties, and no kernel is run.

As a program it compiles the modules in the files of its arguments, and prints a `Compiled` as JSON.
It needs Python's own library and Vulkan's loader only, so that it runs with the driver of any GPU.
"""

import ctypes
import json
import sys
from collections.abc import Callable, Mapping
from ctypes import byref, c_char_p, c_float, c_uint32, c_uint64, c_void_p
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.spirv import vulkan_api as vk
from benchmarks.spirv.binary import Kernel, SpirvError, read_kernel

_LIBRARY = "libvulkan.so.1"
_EXTENSION = "VK_KHR_pipeline_executable_properties"
_API_VERSION = 1 << 22 | 1 << 12  # 1.1
_INCOMPLETE = 5  # there is more than was asked for
_PUSH_CONSTANT_BYTES = 128  # that every device has
_VALUES = ("bool", "int", "uint", "float")  # by the number of their format

_T = TypeVar("_T", bound=ctypes.Structure)


class DriverError(Exception):
    """There is no driver, or it fails, or does not tell what it compiles to."""


@dataclass(frozen=True)
class MachineCode:
    """A kernel as a driver compiled it.

    Attributes:
      statistics: numbers by the driver's own names.
      texts: what else it shows, by its own names; one of them is the assembly.
    """

    statistics: Mapping[str, int | float]
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Compiled:
    """What a driver made of some kernels, in their order.

    Attributes:
      device: its name for the GPU.
    """

    device: str
    codes: tuple[MachineCode, ...]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Compiled":
        return cls(values["device"], tuple(MachineCode(**code) for code in values["codes"]))


class Driver:
    """A device of a Vulkan driver that is open for compiling; a context, which closes it.

    Attributes:
      name: of the device.
    """

    def __init__(self) -> None:
        """Opens the first device that the Vulkan loader finds.

        Raises:
          DriverError: there is no device, or its driver does not tell what it compiles to.
        """
        try:
            self._library = ctypes.CDLL(_LIBRARY)
        except OSError as error:
            raise DriverError(
                f"{_LIBRARY} cannot be loaded ({error}); Debian's package is libvulkan1"
            ) from error
        application = vk.ApplicationInfo(api_version=_API_VERSION)
        information = vk.InstanceCreateInfo(application=ctypes.pointer(application))
        self._instance = c_void_p()
        self._call("vkCreateInstance", byref(information), None, byref(self._instance))
        try:
            self._device = self._open()
        except BaseException:
            self._library.vkDestroyInstance(self._instance, None)
            raise

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: object) -> None:
        self._library.vkDestroyDevice(self._device, None)
        self._library.vkDestroyInstance(self._instance, None)

    def _open(self) -> c_void_p:
        count = c_uint32(1)
        physical = c_void_p()
        self._call("vkEnumeratePhysicalDevices", self._instance, byref(count), byref(physical))
        if not count.value:
            raise DriverError("the Vulkan loader finds no device")
        properties = ctypes.create_string_buffer(vk.PHYSICAL_DEVICE_PROPERTIES_BYTES)
        self._library.vkGetPhysicalDeviceProperties(physical, properties)
        name = properties.raw[vk.DEVICE_NAME_OFFSET :][: vk.NAME_BYTES]
        self.name = name.split(b"\0")[0].decode(errors="replace")
        extensions = self._list(
            vk.ExtensionProperties, "vkEnumerateDeviceExtensionProperties", physical, None
        )
        if _EXTENSION.encode() not in {extension.name for extension in extensions}:
            raise DriverError(
                f"the driver of '{self.name}' does not tell what it compiles to: it has no "
                f"{_EXTENSION}"
            )
        features = ctypes.create_string_buffer(vk.PHYSICAL_DEVICE_FEATURES_BYTES)
        self._library.vkGetPhysicalDeviceFeatures(physical, features)
        executables = vk.PipelineExecutablePropertiesFeatures(executable_info=True)
        queue = vk.DeviceQueueCreateInfo(count=1, priorities=ctypes.pointer(c_float(1)))
        information = vk.DeviceCreateInfo(
            next=ctypes.addressof(executables),
            queue_count=1,
            queues=ctypes.pointer(queue),
            extension_count=1,
            extensions=ctypes.pointer(c_char_p(_EXTENSION.encode())),
            features=ctypes.addressof(features),
        )
        device = c_void_p()
        self._call("vkCreateDevice", physical, byref(information), None, byref(device))
        return device

    def compile(self, binary: bytes, kernel: Kernel) -> MachineCode:
        """Compiles the kernel of a module.

        Args:
          binary: the module.
          kernel: what `read_kernel` read of it.

        Raises:
          DriverError: the driver refuses it.
        """
        # What is made here lives as long as the device.
        shader = self._create(
            "vkCreateShaderModule", vk.ShaderModuleCreateInfo(size=len(binary), code=binary)
        )
        stage = vk.PipelineShaderStageCreateInfo(
            stage=vk.COMPUTE_STAGE, module=shader, name=kernel.name.encode()
        )
        information = vk.ComputePipelineCreateInfo(
            flags=vk.CAPTURE_STATISTICS | vk.CAPTURE_INTERNAL_REPRESENTATIONS,
            stage=stage,
            layout=self._layout(kernel),
        )
        pipeline = c_uint64()
        self._call(
            *("vkCreateComputePipelines", self._device, c_uint64(), 1),
            *(byref(information), None, byref(pipeline)),
        )
        # A compute pipeline is one executable, the first.
        executable = vk.PipelineExecutableInfo(pipeline=pipeline)
        return MachineCode(self._statistics(executable), self._texts(executable))

    def _layout(self, kernel: Kernel) -> int:
        sets = []
        for number in range(max((s for s, _ in kernel.bindings), default=-1) + 1):
            bindings = [binding for of_set, binding in kernel.bindings if of_set == number]
            array = (vk.DescriptorSetLayoutBinding * len(bindings))(
                *((binding, vk.STORAGE_BUFFER, 1, vk.COMPUTE_STAGE) for binding in bindings)
            )
            information = vk.DescriptorSetLayoutCreateInfo(count=len(bindings), bindings=array)
            sets.append(self._create("vkCreateDescriptorSetLayout", information))
        constants = vk.PushConstantRange(stages=vk.COMPUTE_STAGE, size=_PUSH_CONSTANT_BYTES)
        information = vk.PipelineLayoutCreateInfo(
            set_count=len(sets),
            sets=(c_uint64 * len(sets))(*sets),
            push_constant_count=1,
            push_constants=ctypes.pointer(constants),
        )
        return self._create("vkCreatePipelineLayout", information)

    def _statistics(self, executable: vk.PipelineExecutableInfo) -> dict[str, int | float]:
        statistics = self._list(
            vk.PipelineExecutableStatistic,
            *("vkGetPipelineExecutableStatisticsKHR", self._device, byref(executable)),
        )
        return {s.name.decode(): getattr(s.value, _VALUES[s.format]) for s in statistics}

    def _texts(self, executable: vk.PipelineExecutableInfo) -> dict[str, str]:
        function = "vkGetPipelineExecutableInternalRepresentationsKHR"
        kind = vk.PipelineExecutableInternalRepresentation
        shown = self._list(kind, function, self._device, byref(executable))
        texts = [ctypes.create_string_buffer(representation.size) for representation in shown]
        for representation, text in zip(shown, texts, strict=True):
            representation.data = ctypes.addressof(text)
        count = c_uint32(len(shown))
        self._call(function, self._device, byref(executable), byref(count), shown)
        return {
            representation.name.decode(): text.value.decode(errors="replace")
            for representation, text in zip(shown, texts, strict=True)
            if representation.is_text
        }

    def _create(self, function: str, information: vk.Structure) -> int:
        made = c_uint64()
        self._call(function, self._device, byref(information), None, byref(made))
        return made.value

    def _list(self, kind: type[_T], function: str, *arguments: Any) -> "ctypes.Array[_T]":
        """What a function lists: it is asked how much there is, then for that."""
        count = c_uint32()
        self._call(function, *arguments, byref(count), None)
        array = (kind * count.value)(*(kind() for _ in range(count.value)))
        self._call(function, *arguments, byref(count), array)
        return array

    def _call(self, function: str, *arguments: Any) -> None:
        code = self._function(function)(*arguments)
        if code not in (0, _INCOMPLETE):
            raise DriverError(f"the Vulkan driver fails: {function} gives {code}")

    def _function(self, name: str) -> Callable[..., int]:
        if not name.endswith("KHR"):
            return getattr(self._library, name)
        # The loader exports no functions of extensions.
        find = self._library.vkGetDeviceProcAddr
        find.restype = c_void_p
        kind = ctypes.CFUNCTYPE(ctypes.c_int, c_void_p, c_void_p, c_void_p, c_void_p)
        return kind(find(self._device, name.encode()))


def _main(files: list[str]) -> None:
    try:
        with Driver() as driver:
            binaries = [Path(file).read_bytes() for file in files]
            codes = [driver.compile(binary, read_kernel(binary)) for binary in binaries]
            json.dump({"device": driver.name, "codes": list(map(asdict, codes))}, sys.stdout)
    except (DriverError, SpirvError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _main(sys.argv[1:])
