"""Parameters of the estimators: each described once, and shown by every class that has it."""

from __future__ import annotations

import inspect

PLACE = "{parameters}"

DESCRIPTIONS: dict[str, tuple[str, str]] = {
    # how scans are cut
    "n_rois": ("int", "Regions that scans must have; ``None`` takes those of the first scan."),
    "window": ("float", "Length of a window, in `unit`."),
    "step": ("float", "Distance of the starts of two windows, in `unit`."),
    "unit": (
        '{"frames", "s"}',
        "Unit of `window`, `step` and `crop`. Seconds make windows alike across scanners.",
    ),
    "closed": (
        '{"left", "both"}',
        "Whether a last window that ends with the scan is left out, as in the published code, or kept.",
    ),
    "density": ("float", "Share of all entries of the correlation matrix that become edges, in (0, 1]."),
    "crop": (
        "float",
        "Length of a random stretch of the scan that windows come from in training, in `unit`; ``None`` "
        "takes the whole scan.",
    ),
    # encoder
    "hidden_dim": ("int", "Width of the encoder."),
    "n_layers": ("int", "Graph layers."),
    "node_input": (
        '{"time", "profile", "both", "region"}',
        "What a region brings beside its identity: the time code, a recurrent network over the scan up to "
        "the end of the window; its row of correlations; both; or nothing.",
    ),
    # tasks
    "objective": (
        '{"simgrace", "dgi", "gae", "vgae", "graphmae"}',
        "Task: contrast with an encoder of noisy weights, deep graph infomax, graph autoencoder, its "
        "variational form, or masked nodes.",
    ),
    "graphs": (
        '{"dynamic", "static"}',
        "Graphs of windows, or one of the whole scan (of the stretch, with `crop`).",
    ),
    "n_windows": ("int", "Windows of each scan and step, and triples of windows."),
    "spatial": ("bool", "Whether hidden parts of a window are predicted from the rest of it."),
    "temporal": ("bool", "Whether a window is predicted from one before and one after it."),
    "node_mask_ratio": ("float", "Expected share of regions whose content is hidden, in (0, 1)."),
    "edge_mask_ratio": ("float", "Expected share of pairs that are hidden, in (0, 1)."),
    "mask": (
        '{"random", "block"}',
        "Hidden regions and pairs are drawn one by one, or as blocks in the order of the atlas.",
    ),
    "lambda_temporal": ("float", "Weight of the loss in time relative to that in space."),
    "min_gap": (
        "int",
        "Least distance of the predicted window from the two others, in windows. ``None`` takes the smallest "
        "without a shared frame; with less, a part of the task is to copy.",
    ),
    "leak_time_code": (
        "bool",
        "Whether the time code sees hidden regions, and the frames of the window to predict. It then knows a "
        "part of the answer.",
    ),
    "target": ('{"profile", "bold"}', "Rows of correlations, or the series of regions in the window."),
    "gamma": ("float", "Exponent of the scaled cosine error, at least 1."),
    "edge_weight": ("float", "Weight of edges relative to pairs that are none; ``None`` weighs them alike."),
    "decoder": ('{"mlp", "mixer"}', "Decoder, one region at a time or with a block that mixes regions."),
    "momentum": (
        "float",
        "Share of its weights that the target encoder keeps at the first step; rises to 1.",
    ),
    "latent_loss": ('{"smooth_l1", "mse"}', "Loss of latents."),
    "n_pairs": ("int", "Hidden pairs of each graph whose latents are predicted."),
    # supervised
    "encoder": (
        "pre-trainer or path-like",
        "A fitted pre-trainer, or the file of one, whose encoder is the start; ``None`` starts at random.",
    ),
    "freeze": ("bool", "Whether the encoder is left as it is, its batch normalisation included."),
    "readout": (
        '{"sero", "garo", "mean"}',
        "Attention over regions, by the mean over them or by keys, or none.",
    ),
    "time_readout": (
        '{"sum", "mean", "moments"}',
        "Sum over windows, as in the published code, whose size grows with the scan; mean; or mean and "
        "standard deviation.",
    ),
    "dropout": ("float", "Share of the outputs of a layer that are dropped in training."),
    "orthogonality": ("float", "Weight of the regulariser that keeps the nodes of a graph apart."),
    "keep_attention": ("bool", "Whether the attention on the training scans is kept after `fit`."),
    # training
    "max_epochs": ("int", "Passes over the scans."),
    "batch_size": ("int", "Scans of a step, over all processes."),
    "lr": ("float", "Highest learning rate."),
    "weight_decay": ("float", "Decay of AdamW."),
    "warmup_epochs": ("int", "Epochs until the highest rate, which then falls as half a cosine."),
    "schedule": (
        '{"cosine", "one_cycle", "constant"}',
        "Course of the learning rate; the published one is one cycle from half of `lr` to a two-thousandth "
        "of it.",
    ),
    "n_accumulate": ("int", "Parts that a batch is computed in, one after another, to save memory."),
    "precision": (
        '{"float32", "bfloat16"}',
        "Precision of products. On recent processors and on GPUs bfloat16 is several times faster.",
    ),
    "device": ('{"auto", "cpu", "cuda"}', "Where to train."),
    "checkpoint": (
        "path-like",
        "Folder to save the training to, and to resume it from; ``None`` saves nothing.",
    ),
    "verbose": ("bool", "Whether a progress bar is shown on a terminal."),
    "random_state": ("int", "Seed of weights, order, crops, masks and dropout; ``None`` draws one."),
}


def describe_parameters(cls: type) -> None:
    """Give a class the signature and the descriptions of all its parameters.

    An ``__init__`` that ends with ``**shared`` gets the parameters of its base, as `help`, the documentation
    and scikit-learn read them from there. In the docstring they replace ``{parameters}``.

    Parameters
    ----------
    cls : type
        The class.
    """
    if "__init__" in vars(cls):
        _merge_signature(cls)
    if cls.__doc__ and PLACE in cls.__doc__:
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
        lines = ["Parameters", "----------"]
        for parameter in parameters:
            kind, text = DESCRIPTIONS[parameter.name]
            default = repr(parameter.default).replace("'", '"')
            lines += [f"{parameter.name} : {kind}, default={default}", *_wrapped(text)]
        cls.__doc__ = cls.__doc__.replace(PLACE, "\n    ".join(lines))


def _merge_signature(cls: type) -> None:
    own = inspect.signature(cls.__init__)  # type: ignore[misc]
    parameters = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD]
    if len(parameters) == len(own.parameters):
        return
    shared = inspect.signature(cls.__mro__[1].__init__)  # type: ignore[misc]
    names = {p.name for p in parameters}
    parameters += [p for p in shared.parameters.values() if p.name not in names]
    cls.__init__.__signature__ = own.replace(parameters=parameters)  # type: ignore[misc]


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 104, initial_indent="    ", subsequent_indent="    ")
