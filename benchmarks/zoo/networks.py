# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The networks of the zoo: architectures of torchvision, timm and transformers, random weights.

Those of transformers are made small by their configuration, for no part of them is in their size.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# Of networks that take images of any size. The smallest that Inception leaves anything of is 75.
IMAGE_SIZE = 96
_TOKENS = 100


@dataclass(frozen=True)
class ZooNetwork:
    """One architecture.

    Attributes:
      make: builds it, with random weights.
      shape: of its input, without the batch; None for an image of any size.
      tokens: how many different ones there are, where the input is text; else it is an image,
        sound, or frames.
    """

    make: Callable[[], nn.Module]
    shape: tuple[int, ...] | None = None
    tokens: int | None = None

    def inputs(self, batch: int, *, image_size: int = IMAGE_SIZE, seed: int = 0) -> Tensor:
        """A batch of random inputs."""
        generator = torch.Generator().manual_seed(seed)
        shape = (batch, *(self.shape or (3, image_size, image_size)))
        if self.tokens is not None:
            return torch.randint(self.tokens, shape, generator=generator)
        return torch.randn(shape, generator=generator)


def _torchvision(name: str, shape: tuple[int, ...] | None = None) -> ZooNetwork:
    def make() -> nn.Module:
        models = _import_torchvision().models
        options: dict[str, Any] = {}
        if name in ("googlenet", "inception_v3"):
            options["init_weights"] = False  # its own takes a minute
        elif name.startswith(("deeplab", "fcn", "lraspp")):
            options["weights_backbone"] = None  # of another download than those of the network
        return models.get_model(name, weights=None, **options)

    return ZooNetwork(make, shape)


def _timm(name: str, size: int | None = None) -> ZooNetwork:
    def make() -> nn.Module:
        _import_torchvision()
        return importlib.import_module("timm").create_model(name)

    return ZooNetwork(make, None if size is None else (3, size, size))


def _transformers(
    kind: str, shape: tuple[int, ...], *, part: str = "", model: str = "Model", **options: Any
) -> ZooNetwork:
    def make() -> nn.Module:
        _import_torchvision()
        transformers = importlib.import_module("transformers")
        config = getattr(transformers, f"{kind}Config")(**options)
        network = getattr(transformers, f"{kind}{model}")(config)
        return network.get_submodule(part)

    return ZooNetwork(make, shape, _TOKENS if shape is _TEXT else None)


def _import_torchvision() -> Any:
    """torchvision, whose native operators a build for another torch does not bring.

    Its wheel beside a CPU build of torch is such a case. No network here uses those operators,
    but their names have to be there for it to be imported.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
        _KEPT.append(library)  # as long as it lives, the names do
        return importlib.import_module("torchvision")


_KEPT: list[torch.library.Library] = []

_ANY_SIZE = {
    _torchvision: """
        alexnet convnext_tiny deeplabv3_mobilenet_v3_large densenet121 efficientnet_b0
        efficientnet_v2_s fcn_resnet50 googlenet inception_v3 lraspp_mobilenet_v3_large
        mnasnet0_5 mobilenet_v2 mobilenet_v3_small regnet_x_400mf regnet_y_400mf resnet18 resnet50
        resnext50_32x4d shufflenet_v2_x0_5 squeezenet1_1 vgg11_bn wide_resnet50_2
        """,
    _timm: """
        convmixer_768_32 convnextv2_atto cs3darknet_s cspresnet50 darknet53
        densenetblur121d dla34 dm_nfnet_f0 dpn48b eca_nfnet_l0 eca_resnext26ts ecaresnet26t
        edgenext_xx_small efficientnet_b0_gn efficientnet_cc_b0_4e efficientnet_lite0
        efficientvit_b0 ese_vovnet19b_dw fasternet_t0 fastvit_t8 fbnetc_100 gcresnext26ts gernet_s
        ghostnet_050 hardcorenas_a hgnetv2_b0 hrnet_w18_small inception_next_atto inception_v4
        lambda_resnet26t lcnet_050 legacy_seresnet18 mambaout_femto mixnet_s
        mobilenetv4_conv_small_050 mobileone_s0 mobilevit_xxs mobilevitv2_050 nf_regnet_b0
        poolformer_s12 pvt_v2_b0 rdnet_tiny regnety_002 repghostnet_050 repvgg_a0 repvit_m0_9
        res2net50_14w_8s resnest14d resnet10t resnetblur18 resnetv2_18 resnetv2_50 rexnet_100
        selecsls42 seresnext26ts shvit_s1 skresnet18 starnet_s050 tf_mobilenetv3_small_075
        tinynet_e xception41
        """,
}

_IMAGE = (3, 64, 64)
_TEXT = (16,)
_SMALL = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
}
_WORDS = _SMALL | {"vocab_size": _TOKENS}
_PATCHES = _SMALL | {"image_size": 64, "patch_size": 8}
_SOUND = _SMALL | {"conv_dim": (32,) * 7, "num_conv_pos_embeddings": 16, "vocab_size": 32}

NETWORKS: dict[str, ZooNetwork] = (
    {
        f"{make.__name__.removeprefix('_')}/{name}": make(name)
        for make, names in _ANY_SIZE.items()
        for name in names.split()
    }
    | {
        f"torchvision/{name}": _torchvision(name, shape)
        for name, shape in {
            "maxvit_t": (3, 224, 224),
            "mc3_18": (3, 8, 56, 56),
            "mvit_v2_s": (3, 16, 224, 224),
            "r2plus1d_18": (3, 8, 56, 56),
            "r3d_18": (3, 8, 56, 56),
            "s3d": (3, 16, 224, 224),
            "swin3d_t": (3, 4, 64, 64),
            "swin_t": (3, 64, 64),
            "swin_v2_t": (3, 64, 64),
            "vit_b_32": (3, 224, 224),
        }.items()
    }
    | {
        f"timm/{name}": _timm(name, size)
        for name, size in {
            "bat_resnext26ts": 256,
            "botnet26t_256": 256,
            "cait_xxs24_224": 224,
            "coat_lite_tiny": 224,
            "coatnet_pico_rw_224": 224,
            "convit_tiny": 224,
            "crossvit_9_240": 240,
            "davit_tiny": 64,
            "deit_tiny_distilled_patch16_224": 224,
            "efficientformer_l1": 224,
            "efficientformerv2_s0": 224,
            "eva02_tiny_patch14_224": 224,
            "focalnet_tiny_srf": 64,
            "gcvit_xxtiny": 224,
            "gmlp_s16_224": 224,
            "halonet26t": 256,
            "hiera_tiny_224": 224,
            "levit_128s": 224,
            "maxvit_pico_rw_256": 256,
            "mixer_s32_224": 224,
            "mvitv2_tiny": 224,
            "nest_tiny": 224,
            "nextvit_small": 64,
            "pit_ti_224": 224,
            "resmlp_12_224": 224,
            "sequencer2d_s": 224,
            "swinv2_cr_tiny_224": 224,
            "tiny_vit_5m_224": 224,
            "tnt_s_legacy_patch16_224": 224,
            "twins_svt_small": 64,
            "visformer_tiny": 224,
            "vit_tiny_patch16_224": 224,
            "volo_d1_224": 224,
            "xcit_nano_12_p16_224": 224,
        }.items()
    }
    | {
        f"transformers/{kind}": network
        for kind, network in {
            "albert": _transformers("Albert", _TEXT, embedding_size=32, **_WORDS),
            "ast": _transformers("AST", (128, 128), max_length=128, **_SMALL),
            "beit": _transformers("Beit", _IMAGE, use_relative_position_bias=True, **_PATCHES),
            "bert": _transformers("Bert", _TEXT, **_WORDS),
            "bit": _transformers(
                "Bit", _IMAGE, embedding_size=16, hidden_sizes=[32, 64], depths=[2, 2], num_groups=4
            ),
            "clip_vision": _transformers("CLIPVision", _IMAGE, **_PATCHES),
            "convnext": _transformers("ConvNext", _IMAGE, hidden_sizes=[16, 32, 64, 96]),
            "cvt": _transformers("Cvt", _IMAGE, embed_dim=[16, 32, 64], num_heads=[1, 2, 4]),
            "data2vec_vision": _transformers("Data2VecVision", _IMAGE, **_PATCHES),
            "dinov2": _transformers("Dinov2", _IMAGE, **_PATCHES),
            "distilbert": _transformers(
                "DistilBert", _TEXT, dim=64, hidden_dim=128, n_heads=4, n_layers=2, vocab_size=100
            ),
            "efficientnet": _transformers(
                "EfficientNet", _IMAGE, width_coefficient=0.5, depth_coefficient=1.0, hidden_dim=640
            ),
            "electra": _transformers("Electra", _TEXT, embedding_size=32, **_WORDS),
            "focalnet": _transformers("FocalNet", _IMAGE, image_size=64, embed_dim=32),
            "gpt2": _transformers(
                "GPT2", _TEXT, use_cache=False, n_embd=64, n_head=4, n_layer=2, vocab_size=100
            ),
            "hubert": _transformers("Hubert", (4000,), **_SOUND),
            "levit": _transformers("Levit", (3, 224, 224), image_size=224),
            "llama": _transformers(
                "Llama", _TEXT, use_cache=False, num_key_value_heads=2, **_WORDS
            ),
            "mobilenet_v1": _transformers("MobileNetV1", _IMAGE, depth_multiplier=0.25),
            "mobilevit": _transformers("MobileViT", (3, 128, 128), hidden_sizes=[32, 48, 64]),
            "poolformer": _transformers("PoolFormer", _IMAGE, hidden_sizes=[16, 32, 64, 96]),
            "pvt_v2": _transformers("PvtV2", _IMAGE, hidden_sizes=[8, 16, 40, 64]),
            "resnet": _transformers("ResNet", _IMAGE, hidden_sizes=[16, 32, 64, 96]),
            "roberta": _transformers("Roberta", _TEXT, **_WORDS),
            "segformer": _transformers("Segformer", _IMAGE, hidden_sizes=[16, 32, 64, 96]),
            "siglip_vision": _transformers("SiglipVision", _IMAGE, **_PATCHES),
            "swiftformer": _transformers("SwiftFormer", _IMAGE, image_size=64),
            "swin": _transformers("Swin", (3, 224, 224), embed_dim=24),
            "t5_encoder": _transformers(
                "T5",
                _TEXT,
                model="EncoderModel",
                d_model=64,
                d_kv=16,
                d_ff=128,
                num_heads=4,
                num_layers=2,
                vocab_size=_TOKENS,
            ),
            "vit": _transformers("ViT", _IMAGE, **_PATCHES),
            "vit_msn": _transformers("ViTMSN", _IMAGE, **_PATCHES),
            "wav2vec2": _transformers("Wav2Vec2", (4000,), **_SOUND),
            "whisper_encoder": _transformers(
                "Whisper",
                (80, 64),
                part="encoder",
                d_model=64,
                encoder_layers=2,
                encoder_attention_heads=4,
                encoder_ffn_dim=128,
                decoder_layers=1,
                decoder_attention_heads=4,
                max_source_positions=32,
                vocab_size=_TOKENS,
                pad_token_id=0,
            ),
            "yolos": _transformers("Yolos", _IMAGE, **(_PATCHES | {"image_size": [64, 64]})),
        }.items()
    }
)
