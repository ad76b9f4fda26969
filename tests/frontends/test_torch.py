# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The PyTorch frontend: what it computes, what it carries, and what it leaves alone."""

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from patternc.frontends import import_model, import_torch

pytest.importorskip("torch_mlir")
exporting = pytest.importorskip("patternc.frontends.exporting")
folding = pytest.importorskip("patternc.frontends.folding")


def run(program, x):
    """Runs the graph of an exported program, constants and all."""
    signature = program.graph_signature
    stored = {**program.constants, **program.state_dict}
    targets = [spec.target for spec in signature.input_specs]
    arguments = [x if target is None else stored[target] for target in targets]
    return torch.fx.Interpreter(program.graph_module).run(*arguments)[0]


def test_batch_norm_is_carried_as_it_is():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4)).eval()
    imported = import_torch(module, (torch.randn(1, 3, 8, 8),))
    statistics = {"1.weight", "1.bias", "1.running_mean", "1.running_var"}
    assert set(imported.blobs) == {"0.weight", *statistics}
    assert np.shares_memory(imported.blobs["0.weight"], module[0].weight.detach().numpy())
    assert "cf.assert" not in imported.text


def test_blobs_whose_names_clash_stay_apart():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = parametrizations.weight_norm(nn.Conv2d(3, 3, 3, padding=1))

        def forward(self, x):
            return self.conv(self.conv(x))

    imported = import_torch(Twice(), (torch.randn(1, 3, 8, 8),))
    assert set(imported.blobs) == {"conv.weight", "conv.weight_1", "conv.bias"}
    named = set(re.findall(r'dense_resource<"?([^">]*)"?>', imported.text))
    assert named == set(imported.blobs)


def test_names_that_mlir_would_escape():
    module = nn.Sequential()
    module.add_module("größe 1", nn.Linear(4, 3, bias=False))
    imported = import_torch(module, (torch.randn(1, 4),))
    assert set(imported.blobs) == {"gr__e_1.weight"}
    assert "dense_resource<gr__e_1.weight>" in imported.text


@pytest.mark.filterwarnings("ignore:The tensor attribute self.0.weight was assigned")
def test_pruning_mask_becomes_a_weight():
    conv = prune.random_unstructured(nn.Conv2d(3, 4, 3), "weight", 0.5)
    module = nn.Sequential(conv, nn.ReLU())
    x = torch.randn(1, 3, 8, 8)
    blob = import_torch(module, (x,)).blobs["0.weight"]
    np.testing.assert_array_equal(blob != 0, conv.weight_mask.bool())
    assert module(x).isfinite().all()  # The model still works.


def test_parametrised_weight_becomes_a_weight():
    class Half(nn.Module):
        def forward(self, weight):
            return weight / 2

    conv = nn.Conv2d(3, 4, 3)
    weight = conv.weight.detach().clone()
    parametrize.register_parametrization(conv, "weight", Half())
    blobs = import_torch(conv, (torch.randn(1, 3, 8, 8),)).blobs
    np.testing.assert_array_equal(blobs["weight"], weight / 2)


def test_weight_that_depends_on_the_input_is_left_to_compute():
    class Dynamic(nn.Module):
        def forward(self, x, weight):
            return nn.functional.conv2d(x, weight * 2)

    imported = import_torch(Dynamic(), (torch.randn(1, 3, 8, 8), torch.randn(4, 3, 3, 3)))
    assert "linalg.conv_2d_nchw_fchw" in imported.text
    assert not imported.blobs


def test_what_depends_on_constants_is_folded():
    class Positions(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(10, 4)

        def forward(self, x):
            places = torch.ones(2, 5, dtype=torch.int64).cumsum(1) - 1
            return x + self.table(places)

    module = Positions()
    imported = import_torch(module, (torch.randn(2, 5, 4),))
    assert "tm_tensor" not in imported.text
    (blob,) = imported.blobs.values()
    np.testing.assert_array_equal(blob[1], module.table.weight.detach()[:5])


def test_folded_constants_of_several_readers_stay_apart():
    class Gather(nn.Module):
        def forward(self, x):
            rows, columns = torch.ones(3).cumsum(0).long(), torch.ones(2).cumsum(0).long()
            return x[rows[:, None], columns] + x[rows[:, None], columns * 2] + rows[:, None]

    program = exporting.export(Gather(), (torch.randn(5, 6),))
    folding.fold_constants_(program)
    x = torch.randn(5, 6)
    torch.testing.assert_close(run(program, x), Gather()(x))
    assert not any("cumsum" in str(node.target) for node in program.graph.nodes)
    assert import_torch(Gather(), (x,))


def test_large_results_of_constants_are_left_to_compute():
    class Mask(nn.Module):
        def forward(self, x):
            return x + torch.ones(1024, 1024).tril()

    assert not import_torch(Mask(), (torch.randn(1024, 1024),)).blobs


def test_big_weight_is_carried_without_a_copy():
    module = nn.Linear(4096, 4096)
    imported = import_torch(module, (torch.randn(1, 4096),))
    assert len(imported.text) < 4096
    assert np.shares_memory(imported.blobs["weight"], module.weight.detach().numpy())
    assert imported.blobs["weight"].flags.c_contiguous


def test_channels_last_weight_is_carried_in_its_logical_order():
    module = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    blob = import_torch(module, (torch.randn(1, 3, 8, 8),)).blobs["weight"]
    assert blob.flags.c_contiguous
    np.testing.assert_array_equal(blob, module.weight.detach())


def test_buffers_and_lifted_constants_are_carried():
    class Constants(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("kept", torch.tensor([1.0, 2.0]))
            self.register_buffer("passing", torch.tensor([3, 4]), persistent=False)
            self.register_buffer("flags", torch.tensor([True, False]))

        def forward(self, x):
            return torch.where(self.flags, x * self.kept + self.passing, torch.tensor([5.0, 6.0]))

    imported = import_torch(Constants(), (torch.randn(2),))
    values = sorted(blob.tolist() for blob in imported.blobs.values())
    assert values == [[1, 0], [1.0, 2.0], [3, 4], [5.0, 6.0]]
    assert {"kept", "passing"} <= set(imported.blobs)


def test_tied_weight_is_carried_once():
    module = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    module[1].weight = module[0].weight
    assert len(import_torch(module, (torch.randn(1, 4),)).blobs) == 1


def test_specs():
    class Lookup(nn.Module):
        def forward(self, table, index):
            return table[index], index + 1

    imported = import_torch(
        Lookup(), (torch.randn(5, 3), torch.zeros(2, dtype=torch.int64)), name="lookup"
    )
    assert imported.name == "lookup"
    assert [(spec.name, spec.shape, spec.dtype) for spec in imported.inputs] == [
        ("table", (5, 3), "float32"),
        ("index", (2,), "int64"),
    ]
    assert [(spec.name, spec.shape, spec.dtype) for spec in imported.outputs] == [
        ("output0", (2, 3), "float32"),
        ("output1", (2,), "int64"),
    ]


def test_model_is_left_as_it_was():
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.ReLU(inplace=True)
    )
    module.train()
    module[1].eval()
    x = torch.randn(1, 3, 8, 8)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    argument = x.clone()

    import_model(module, (x,))

    assert [part.training for part in module] == [True, False, True, True]
    assert torch.equal(x, argument)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_exported_program_is_left_as_it_was():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    x = torch.randn(1, 3, 8, 8)
    program = torch.export.export(module, (x,))
    graph = str(program.graph)

    from_program = import_model(program)
    from_module = import_model(module, (x,))

    assert str(program.graph) == graph
    torch.testing.assert_close(program.module()(x), module(x))
    assert from_program.text == from_module.text
    for name, blob in from_module.blobs.items():
        np.testing.assert_array_equal(from_program.blobs[name], blob)


@pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec:FutureWarning")
def test_program_that_is_decomposed_already():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval()
    program = torch.export.export(module, (torch.randn(1, 3, 8, 8),)).run_decompositions()
    assert {"0.weight", "1.running_mean"} <= set(import_model(program).blobs)
