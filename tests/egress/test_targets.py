# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Target presets."""

import pytest

from patternc import ir
from patternc.compiler import targets
from patternc.compiler.targets import get_target, target_names
from patternc.errors import TargetError
from patternc.runtime import Machine


def test_every_name_is_its_target():
    for name in target_names():
        assert get_target(name).name == name
        assert get_target(get_target(name)) is get_target(name)


def test_unknown_name_lists_the_known_and_the_nearest():
    with pytest.raises(TargetError) as caught:
        get_target("snapdragon855")
    message = str(caught.value)
    assert message.startswith("unknown target 'snapdragon855' (did you mean 'snapdragon-855'?)")
    assert all(name in message for name in target_names())


def test_unknown_name_that_is_near_to_nothing():
    with pytest.raises(TargetError, match="unknown target 'qqq'; known are llvm-cpu, "):
        get_target("qqq")


@pytest.mark.parametrize(
    ("machine", "vector_bits", "registers", "features"),
    [
        (
            Machine("x86_64", ("avx", "avx2", "avx512f")),
            512,
            32,
            ("broadcast_load", "software_prefetch"),
        ),
        (
            Machine("x86_64", ("avx", "avx512bw", "avx2", "avx512_vnni", "avx512f")),
            512,
            32,
            (
                *("broadcast_load", "byte_lookup", "dot_s16", "dot_u8s8", "saturating_pack"),
                "software_prefetch",
            ),
        ),
        (
            Machine("x86_64", ("avx", "avx2", "fma")),
            256,
            16,
            ("broadcast_load", "byte_lookup", "dot_s16", "saturating_pack"),
        ),
        (
            Machine("aarch64", ("asimd", "asimddp")),
            128,
            32,
            ("broadcast_load", "byte_lookup", "dot_s8s8", "lane_multiply"),
        ),
        (Machine("x86_64", ()), 128, 16, ()),
        (
            Machine("aarch64", ("asimd",)),
            128,
            32,
            ("broadcast_load", "byte_lookup", "lane_multiply"),
        ),
        (Machine("riscv64", ()), 128, 16, ()),
    ],
)
def test_host_vectors(monkeypatch, machine, vector_bits, registers, features):
    monkeypatch.setattr(targets, "host_machine", lambda: machine)
    host = targets._host()
    assert host.machine == machine
    assert (host.vector_bits, host.registers, host.features) == (vector_bits, registers, features)


@pytest.mark.parametrize("name", target_names())
def test_attribute_is_one_of_the_dialect(name):
    target = get_target(name)
    text = f"module attributes {{pattern.target = {target.attribute}}} {{}}"
    printed = ir.Module.parse(text).print()
    for number in ("vector_bits", "registers", "threads", "subgroup"):
        if value := getattr(target, number):
            assert f"{number} = {value}" in printed


def test_float16_is_for_machines_that_are_sure_to_have_it(monkeypatch):
    able = {name for name in target_names() if get_target(name).has_float16}
    assert able - {"llvm-cpu"} == {
        *("snapdragon-855", "snapdragon-8gen2"),
        *("vulkan-adreno", "vulkan-ampere", "vulkan-rdna3", "vulkan-llvmpipe"),
    }
    for machine, has_float16 in (
        (Machine("x86_64", ("avx2", "avx512_fp16", "avx512f")), True),
        (Machine("x86_64", ("avx2", "avx512f", "f16c")), False),
        (Machine("aarch64", ("asimd", "asimdhp", "fphp")), True),
        (Machine("aarch64", ("asimd", "fphp")), False),
        (Machine("riscv64", ()), False),
    ):
        monkeypatch.setattr(targets, "host_machine", lambda machine=machine: machine)
        assert targets._host().has_float16 == has_float16
