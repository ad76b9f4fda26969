# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`prune_` on whole models: what is pruned, what is left alone and said so, what is refused."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn.utils import prune as masking

from patternc.errors import PruningError
from patternc.models import SmallMobileNet, SmallResNet, SmallVGG
from patternc.prune import EIGHT_PATTERNS, TWELVE_PATTERNS, PruningConfig, analyze, prune_


def layers_of(report) -> dict:
    return {layer.name: layer for layer in report.layers}


def supports(weight: torch.Tensor) -> torch.Tensor:
    return weight.detach().ne(0).flatten(2)


def snapshot(model: nn.Module) -> dict:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def assert_unchanged(model: nn.Module, before: dict):
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_layer_of_the_issue_is_pruned_8_times():
    torch.manual_seed(0)
    layer = nn.Conv2d(256, 256, 3, padding=1)
    report = prune_(layer, form="group", group_size=4)
    assert report.rate == pytest.approx(8.1, abs=0.05)
    assert layer.weight.count_nonzero() == 256 * 71 * 4
    assert len(supports(layer.weight).flatten(1).unique(dim=0)) == 64
    assert "(model)" in report.report()


@pytest.mark.parametrize("form", ["layer", "filter", "group"])
@pytest.mark.parametrize("network", [SmallVGG, SmallResNet, SmallMobileNet])
def test_every_layer_has_its_structure(network, form):
    torch.manual_seed(0)
    model = network()
    report = prune_(model, form=form)
    layers = layers_of(report)
    allowed = {tuple(row) for row in EIGHT_PATTERNS.masks().tolist()}
    for index, (name, module) in enumerate(model.named_modules()):
        if not isinstance(module, nn.Conv2d):
            continue
        kernels = supports(module.weight)
        layer = layers[name]
        assert torch.equal(report.masks[name], module.weight != 0)
        assert layer.kept_kernels == kernels.any(dim=2).sum()
        assert layer.kept_weights == kernels.sum()
        if module.kernel_size == (3, 3):
            assert {tuple(k) for k in kernels[kernels.any(dim=2)].tolist()} <= allowed
        if module.groups > 1:
            assert layer.note == "depthwise: patterns only"
        elif index <= 1:
            assert layer.note == "first layer: patterns only"
        else:
            assert layer.note == ""
            assert layer.kernels / layer.kept_kernels == pytest.approx(3.6, rel=0.15)
            continue
        assert layer.kept_kernels == layer.kernels


def test_first_layer_can_be_pruned_too():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
    report = prune_(model, skip_first=False)
    assert layers_of(report)["0"].kept_kernels == 4


def test_first_layer_that_reads_no_image_is_pruned():
    report = prune_(nn.Sequential(nn.Conv2d(16, 4, 3)), connectivity=4)
    assert layers_of(report)["0"].kept_kernels == 16


def test_groups_of_a_convolution_do_not_share_a_filter_group():
    torch.manual_seed(0)
    layer = nn.Conv2d(8, 12, 3, groups=2)
    prune_(layer, connectivity=2, form="group", group_size=4)
    kernels = supports(layer.weight).flatten(1)
    assert [len(half.unique(dim=0)) for half in kernels.split(6)] == [2, 2]


def test_pruning_again_changes_nothing():
    torch.manual_seed(0)
    model = SmallResNet()
    prune_(model, form="group")
    before = snapshot(model)
    prune_(model, form="group")
    assert_unchanged(model, before)


def test_other_kernel_sizes_take_natural_patterns():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 16, 7), nn.Conv2d(16, 16, 5), nn.Conv2d(16, 16, 3))
    layers = layers_of(prune_(model, pattern_sets={"3x3": "twelve"}))
    assert [layers[n].patterns.kernel for n in "012"] == [(7, 7), (5, 5), (3, 3)]
    assert len(layers["0"].patterns.patterns[0]) == 22
    assert len(layers["1"].patterns.patterns[0]) == 11
    assert layers["2"].patterns == TWELVE_PATTERNS


def test_report_names_every_skipped_layer():
    shared = nn.Conv2d(8, 8, 3)
    model = nn.Sequential(
        nn.Conv2d(8, 8, 3),
        nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 8, 3)),
        nn.ConvTranspose2d(8, 8, 3),
        nn.Conv2d(8, 8, 3),
        nn.Conv2d(8, 8, 1),
        nn.Linear(8, 8),
        nn.LSTM(8, 8),
        shared,
        nn.Conv2d(8, 8, 3),
    )
    model[8].weight = shared.weight
    before = snapshot(model)
    report = prune_(model, targets=["[014578]"], ignore="re:3|9")
    only = "only convolutions, Linear, RNN and attention are pruned"
    notes = {layer.name: layer.note for layer in report.layers}
    assert notes == {
        "0": "",
        "1": "its weight is computed by WeightNorm; first call "
        "torch.nn.utils.parametrize.remove_parametrizations(layer, 'weight')",
        "2": f"ConvTranspose2d: {only}",
        "3": "not in targets",
        "4": "",
        "5": "Linear: pruned with linear=True only",
        "6.weight_ih_l0": "not in targets",
        "6.weight_hh_l0": "not in targets",
        "7": "",
        "8": "shares its weight with '7'",
    }
    table = report.report()
    assert all(name in table and note in table for name, note in notes.items())
    for pruned in ("0.weight", "4.weight", "7.weight", "8.weight"):
        before[pruned] = model.state_dict()[pruned]
    assert_unchanged(model, before)


def hooked(function, *arguments) -> nn.Module:
    layer = nn.Conv2d(8, 8, 3)
    function(layer, "weight", *arguments)
    return layer


@pytest.mark.parametrize(
    ("make", "kind", "call"),
    [
        (lambda: hooked(nn.utils.weight_norm), "WeightNorm", "remove_weight_norm"),
        (lambda: hooked(nn.utils.spectral_norm), "SpectralNorm", "remove_spectral_norm"),
        (lambda: hooked(masking.l1_unstructured, 0.5), "L1Unstructured", "prune.remove"),
        (
            lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(8, 8, 3)),
            "SpectralNorm",
            "parametrize.remove_parametrizations",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated")
def test_computed_weights_are_left_alone_and_can_be_stored(make, kind, call):
    model = nn.Sequential(make(), make(), nn.Conv2d(8, 8, 3))
    before = snapshot(model)
    layers = layers_of(prune_(model))
    assert list(layers) == ["0", "1", "2"]  # and not what they are computed from
    called = f"torch.nn.utils.{call}"
    note = f"its weight is computed by {kind}; first call {called}(layer, 'weight')"
    assert [layer.note for layer in layers.values()] == [note, note, ""]
    before["2.weight"] = model[2].weight
    assert_unchanged(model, before)
    with pytest.raises(PruningError, match=f"no layer is left to prune .*'0': its .*{call}"):
        prune_(model[:1])
    eval(called)(model[0], "weight")  # what the note says
    layers = layers_of(prune_(model))
    assert layers["0"].note == "" and not model[0].weight[~layers["0"].mask].any()


def test_a_weight_that_is_no_parameter():
    layer = nn.Conv2d(8, 8, 3)
    del layer.weight
    layer.weight = torch.randn(8, 8, 3, 3)  # as a forward of one's own may set it
    layers = layers_of(prune_(nn.Sequential(layer, nn.Conv2d(8, 8, 3))))
    note = "its weight is computed from other tensors; first make it a parameter"
    assert layers["0"].note == note and layer.weight.all()


def test_further_parameters_of_a_layer_are_left_alone():
    class Gained(nn.Conv2d):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.gain = nn.Parameter(torch.ones(self.out_channels, 1, 1, 1))

        def forward(self, x):
            return self._conv_forward(x, self.weight * self.gain, self.bias)

    model = nn.Sequential(Gained(8, 8, 3), nn.MultiheadAttention(8, 2, add_bias_kv=True))
    layers = layers_of(prune_(model, linear=True, connectivity=2))
    assert {name: layer.note for name, layer in layers.items()} == {
        "0": "",
        "0.gain": "Gained: only its weight is pruned",
        "1.in_proj_weight": "",
        "1.bias_k": "MultiheadAttention: only its in_proj_weight is pruned",
        "1.bias_v": "MultiheadAttention: only its in_proj_weight is pruned",
        "1.out_proj": "",
    }
    assert model[0].gain.all() and model[0].weight.count_nonzero() == 8 * 4 * 4


def test_weights_of_an_unusual_form_are_left_alone():
    model = nn.Sequential(nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3), nn.Embedding(0, 4))
    model[0].weight = nn.Parameter(torch.randn(8, 72))
    layers = layers_of(prune_(model))
    assert layers["0"].note == "Conv2d: its weight has the shape [8, 72], unlike a layer's"
    assert layers["2"].kept_weights == 0


class Conv1D(nn.Module):
    """A layer of the form that GPT-2 has in transformers."""

    def __init__(self, nf, nx):
        super().__init__()
        self.nf = nf
        self.weight = nn.Parameter(torch.randn(nx, nf))
        self.bias = nn.Parameter(torch.zeros(nf))

    def forward(self, x):
        return torch.addmm(self.bias, x.view(-1, x.shape[-1]), self.weight)


@pytest.mark.parametrize(
    "fields",
    [
        {"connectivity": 2, "block_rows": 4},
        {"connectivity": 2, "row_rate": 2, "block_rows": 4, "block_columns": 4},
        {"structure": "2:4"},
    ],
)
def test_transposed_matrices_are_pruned_as_linear(fields):
    torch.manual_seed(0)
    transposed, linear = Conv1D(12, 8), nn.Linear(8, 12)
    linear.weight.data = transposed.weight.data.T.clone()
    with pytest.raises(PruningError, match="Conv1D: pruned with linear=True only"):
        prune_(transposed)
    masks = [prune_(m, linear=True, **fields).layers[0].mask for m in (transposed, linear)]
    assert torch.equal(masks[0], masks[1].T)
    assert torch.equal(transposed.weight, linear.weight.T)
    assert not torch.equal(transposed.weight != 0, torch.ones(8, 12, dtype=torch.bool))


class Sequences(nn.Module):
    """A layer of every kind that works on sequences."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(8, 16, 9)
        self.lstm = nn.LSTM(16, 8, proj_size=4, bidirectional=True)
        self.cell = nn.GRUCell(8, 8)
        self.attention = nn.MultiheadAttention(16, 2, kdim=8)
        self.linear = nn.Linear(16, 10)


def test_matrices_take_blocks_and_1d_convolutions_patterns():
    torch.manual_seed(0)
    model = Sequences()
    report = prune_(model, linear=True, connectivity=2, row_rate=2, block_rows=4)
    structures = {layer.name: layer.structure for layer in report.layers}
    assert structures.pop("conv") == ("connectivity", "patterns")
    assert len(structures) == 13
    assert set(structures.values()) == {("block columns", "block rows")}
    assert layers_of(report)["conv"].kept_weights == 16 * 4 * 4
    for name, mask in report.masks.items():
        if name != "conv":
            for block in mask[: len(mask) // 4 * 4].split(4):
                assert len(block.unique(dim=0)) == 2  # two rows with the same columns, two empty
                assert (block.sum(dim=1) == mask.shape[1] // 2).sum() == 2
    weight = dict(model.named_parameters())["lstm.weight_hh_l0_reverse"]
    assert torch.equal(weight != 0, report.masks["lstm.weight_hh_l0_reverse"])


def test_blocks_of_single_rows_and_some_columns():
    torch.manual_seed(0)
    layer = nn.Linear(8, 6)
    prune_(layer, linear=True, connectivity=2, block_rows=1, block_columns=4)
    assert (layer.weight.reshape(6, 2, 4).count_nonzero(dim=2) == 2).all()


def test_baselines():
    torch.manual_seed(0)
    model = SmallMobileNet()
    rates = {
        structure: analyze(model, structure=structure, rate=4)
        for structure in ("unstructured", "filter", "2:4")
    }
    for name, module in model.named_modules():
        if not isinstance(module, nn.Conv2d):
            continue
        layers = {structure: layers_of(report)[name] for structure, report in rates.items()}
        if module.in_channels == 3:
            assert {layer.note for layer in layers.values()} == {"first layer: left dense"}
        elif module.groups > 1:
            assert layers["unstructured"].rate == 4
            assert layers["filter"].note == "depthwise: its filters are those of the layer before"
            assert layers["2:4"].note == "2:4 needs a multiple of 4 input channels, found 1"
        else:
            assert [layer.rate for layer in layers.values()] == [4, 4, 2]
            assert layers["filter"].mask.flatten(1).any(dim=1).sum() == module.out_channels / 4
    note = "Linear: its rows may be the outputs of the network"
    linear = layers_of(analyze(model, structure="filter", linear=True))
    assert [layer.note for layer in linear.values() if len(layer.shape) == 2] == [note]


def test_rate_by_name():
    model = nn.Sequential(*(nn.Conv2d(8, 8, 3) for _ in range(4)))
    layers = layers_of(prune_(model, connectivity={"1": 4, "re:[12]": 2, "[3]": 1}))
    assert [layers[name].kept_kernels for name in "0123"] == [64, 16, 32, 64]
    assert [layers[name].note for name in "0123"] == ["no connectivity is given for it", "", "", ""]


def test_analyze_is_prune_without_a_change():
    torch.manual_seed(0)
    model = SmallResNet()
    before = snapshot(model)
    config = PruningConfig(form="filter")
    planned = analyze(model, config)
    assert_unchanged(model, before)
    done = prune_(model, config)
    assert planned.report() == done.report()
    assert all(torch.equal(mask, done.masks[name]) for name, mask in planned.masks.items())


def test_fields_replace_those_of_the_config():
    model = nn.Conv2d(8, 8, 3)
    report = analyze(model, PruningConfig(form="layer", connectivity=2), connectivity=4)
    assert report.layers[0].kept_kernels == 16


def test_rate_is_of_the_pruned_layers():
    model = nn.Sequential(nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3), nn.Linear(8, 8))
    report = prune_(model, connectivity=2, targets="1")
    assert report.rate == 4.5
    assert layers_of(report)["0"].rate == 1
    assert list(report.masks) == ["1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"connectivity": 0.9}, "connectivity is 0.9, expected a finite number of at least 1"),
        (
            {"pattern_sets": {"5x5": [(12,)]}},
            "one is for 5x5 kernels, but the layers to prune have 3x3, 1x1",
        ),
        (
            {"targets": "conv*"},
            r"targets: 'conv\*' matches no layer .* the model has '0', '1', '2'",
        ),
        ({"ignore": ["0", "re:3"]}, "ignore: 're:3' matches no layer"),
        ({"connectivity": {"0": 2, "3": 2}}, "connectivity: '3' matches no layer"),
        (
            {"targets": "0", "ignore": "*"},
            "no layer is left to prune .*'0': ignored by '\\*'; '1', '2': not in",
        ),
    ],
)
def test_bad_argument_changes_nothing(arguments, message):
    model = nn.Sequential(nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 1), nn.Linear(8, 8))
    before = snapshot(model)
    with pytest.raises(PruningError, match=message):
        prune_(model, **arguments)
    assert_unchanged(model, before)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(value):
    model = nn.Sequential(nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3))
    model[1].weight.data[3, 2, 1, 0] = value
    before = model[0].weight.clone()
    with pytest.raises(PruningError, match="layer '1': weight holds NaN or infinite values"):
        prune_(model)
    assert torch.equal(model[0].weight, before)


def test_bad_model():
    with pytest.raises(PruningError, match=r"model is a str, expected a torch\.nn\.Module"):
        prune_("model.pt")
    with pytest.raises(PruningError, match="ReLU has no layer to prune"):
        prune_(nn.ReLU())
    with pytest.raises(PruningError, match=r"'0\.weight' is not initialised"):
        prune_(nn.Sequential(nn.LazyConv2d(4, 3)))
    with pytest.raises(PruningError, match=r"'0\.weight' is on the meta device"):
        prune_(nn.Sequential(nn.Conv2d(4, 4, 3, device="meta")))


@pytest.mark.parametrize(
    "package", ["patternc.prune", "patternc.train", "patternc.search", "patternc.models"]
)
def test_without_torch_the_message_says_what_to_install(package):
    program = f"import sys; sys.modules['torch'] = None; import {package}"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "needs the package 'torch'" in result.stderr
    assert "pip install 'patternc[torch]'" in result.stderr
