"""The 85 networks of the release, grouped into the 16 families that share training or architecture."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from neurosci._core.checks import suggest

_MEMBERS = {
    "Torchvision supervised": (
        "alexnet densenet121 densenet169 densenet201 inception_v3 mnasnet0_5 mnasnet1_0 mobilenet_v2 "
        "resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d "
        "shufflenet_v2_x0_5 squeezenet1_0 squeezenet1_1 vgg11_bn vgg13_bn vgg16_bn vgg19_bn "
        "wide_resnet50_2 wide_resnet101_2"
    ),
    "L2-adversarial ResNet-50": (
        "resnet50_l2_eps0 resnet50_l2_eps0_01 resnet50_l2_eps0_03 resnet50_l2_eps0_05 resnet50_l2_eps0_1 "
        "resnet50_l2_eps0_25 resnet50_l2_eps0_5 resnet50_l2_eps1 resnet50_l2_eps3 resnet50_l2_eps5"
    ),
    "HRNet": (
        "hrnet_w18 hrnet_w18_small hrnet_w18_small_v2 hrnet_w30 hrnet_w40 hrnet_w44 hrnet_w48 hrnet_w64"
    ),
    "DPN": "dpn68 dpn68b dpn92 dpn98 dpn107 dpn131",
    "BiT-M": (
        "BiTM_resnetv2_50x1 BiTM_resnetv2_101x1 BiTM_resnetv2_101x3 BiTM_resnetv2_152x2 BiTM_resnetv2_152x4"
    ),
    "SelecSLS": "selecsls42 selecsls42b selecsls60 selecsls60b selecsls84",
    "CSP/Darknet": "cspdarknet53 cspresnet50 cspresnext50 darknet53",
    "BagNet": "bagnet9 bagnet17 bagnet33",
    "EfficientNet": "efficientnet_b0 efficientnet_es efficientnet_l2_noisy_student_475",
    "Stylized-ImageNet ResNet-50": (
        "resnet50_trained_on_SIN resnet50_trained_on_SIN_and_IN "
        "resnet50_trained_on_SIN_and_IN_then_finetuned_on_IN"
    ),
    "SimCLR": "simclr_resnet50x1 simclr_resnet50x2 simclr_resnet50x4",
    "SWAG RegNetY": "swag_regnety_16gf_in1k swag_regnety_32gf_in1k swag_regnety_128gf_in1k",
    "ViT": "vit_small_patch16_224 vit_base_patch16_224 vit_large_patch16_224",
    "SWSL": "ResNeXt101_32x16d_swsl resnet50_swsl",
    "CLIP-label ResNet-50": "resnet50_clip_hard_labels resnet50_clip_soft_labels",
    "VOneResNet-50": "voneresnet50",
}

NETWORK_FAMILIES: Mapping[str, str] = MappingProxyType(
    {network: family for family, members in _MEMBERS.items() for network in members.split()}
)

_ADVERSARIAL_PREFIX = "resnet50_l2_eps"


def network_family(name: str) -> str:
    """Return the family of a released network.

    Parameters
    ----------
    name : str
        Network name as in the authors' files, for example "resnet50".

    Returns
    -------
    str
        One of 16 families of networks that share a training method or an architecture.

    Raises
    ------
    KeyError
        If the release holds no such network; names the nearest one.

    Examples
    --------
    >>> network_family("vit_large_patch16_224")
    'ViT'
    """
    try:
        return NETWORK_FAMILIES[name]
    except KeyError:
        hint = suggest(name, NETWORK_FAMILIES)
        raise KeyError(
            f"network_family: name must be one of the 85 networks, got {name!r} ({hint})"
        ) from None


def training_radius(name: str) -> float | None:
    """Return the L2 radius of adversarial training, or None outside that series."""
    if not name.startswith(_ADVERSARIAL_PREFIX):
        return None
    return float(name.removeprefix(_ADVERSARIAL_PREFIX).replace("_", "."))
