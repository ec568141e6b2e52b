"""Other people's weights in our networks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.network import Network
from vit_explorer.models.pretrained import (
    convert_huggingface,
    convert_jax,
    convert_ours,
    convert_timm,
    convert_torchvision,
)
from vit_explorer.models.pretrained.build_resnet import plan_resnet
from vit_explorer.models.pretrained.build_swin import plan_swin
from vit_explorer.models.pretrained.build_vit import plan_vit
from vit_explorer.models.pretrained.dialect import Dialect, Part, check_refused, translate
from vit_explorer.models.pretrained.files import read_weights
from vit_explorer.models.pretrained.labels import N_IMAGENET, imagenet_names
from vit_explorer.models.pretrained.modules import describe
from vit_explorer.models.pretrained.plan import Plan, refusal
from vit_explorer.models.pretrained.report import IMAGENET_MEAN, IMAGENET_STD, FitReport, Known, Preprocessing
from vit_explorer.models.pretrained.unwrap import flatten, without_prefixes
from vit_explorer.models.zoo import create_model

DIALECTS: tuple[Dialect, ...] = (
    *convert_torchvision.DIALECTS,
    *convert_huggingface.DIALECTS,
    *convert_jax.DIALECTS,
    *convert_timm.DIALECTS,
)
OURS = "ViT Explorer"
ROUNDING = 1e-6  # so that 224 * (256 / 224) is no less than 256; fractions are cut off, as in timm


def from_state_dict(
    state_dict: Mapping[str, Any] | nn.Module | str | os.PathLike[str],
    *,
    n_heads: int | None = None,
    img_size: int | None = None,
    names: Sequence[str] | None = None,
) -> tuple[Network, FitReport]:
    """A network of ours with the weights of timm, torchvision, transformers, their authors, or JAX.

    Format, sizes and preprocessing are recognised from names and shapes; an object, a card or a config.json beside
    the weights tells more.

    Args:
        state_dict: tensors by name, as they are or inside of the dict of a training run; or the network itself; or a
            file (.pth .pt .bin .safetensors .npz) or a folder of transformers.
        n_heads: where the weights do not tell; the default is the width by 64.
        img_size: of the images to read; positions are resized to it.
        names: of the classes.
    Returns:
        The network, in eval mode and float32, and the report on how the weights fit.
    Raises:
        CheckpointError: for what is no network, or one that ours cannot be; the message names the reason.
    """
    given = Known(n_heads=n_heads, img_size=img_size, names=None if names is None else tuple(names))
    if isinstance(state_dict, nn.Module):
        nested, known = state_dict.state_dict(), given.over(describe(state_dict))
    elif isinstance(state_dict, str | os.PathLike):
        nested, found = read_weights(state_dict)
        known = given.over(found)
    else:
        nested, known = state_dict, given
    flat, ignored = flatten(nested)
    keys, left_out = without_prefixes(flat)
    weights = {short: flat[key] for short, key in keys.items()}
    form, plan, dropped, known = _plan(weights, known)
    _check_finite({keys[short]: weights[short] for short in keys})
    model = _build(plan)
    reasons = {**dropped, **plan.ignored}
    ignored |= left_out | {keys[short]: reason for short, reason in reasons.items()}
    used = {keys[short] for part in plan.parts.values() for short in part.keys}
    class_names, assumed = _class_names(known, plan.options.get("n_classes", 10))
    normalisation = () if known.mean else ("mean and std of ImageNet",)
    size = int(plan.options.get("img_size", 32))
    report = FitReport(
        format=form,
        architecture=plan.architecture,
        used=tuple(key for key in flat if key in used),
        ignored=ignored,
        missing=plan.missing,
        assumed=(*plan.assumed, *normalisation, *assumed),
        model=plan.model,
        options=plan.options,
        preprocessing=Preprocessing(
            known.mean or IMAGENET_MEAN,
            known.std or IMAGENET_STD,
            int(size * (known.resize_ratio or 1) + ROUNDING),
            size,
            known.interpolation or "bicubic",
        ),
        names=class_names,
    )
    return model, report


def _plan(weights: dict[str, Tensor], known: Known) -> tuple[str, Plan, dict[str, str], Known]:
    """The format, what to build, keys left out with the reason, and all that is known."""
    if convert_ours.is_ours(weights):
        parts = {name: Part(tensor, (name,)) for name, tensor in weights.items()}
        return OURS, convert_ours.plan_ours(parts, known), {}, known
    check_refused(weights)
    dialect = next((dialect for dialect in DIALECTS if dialect.speaks(weights)), None)
    if dialect is None:
        first = next(iter(weights), "nothing")
        raise CheckpointError(
            "These are no weights of a ViT, DeiT, Swin or ResNet as timm, torchvision, transformers, their authors or "
            f"JAX name them: they begin with {first}."
        )
    if dialect is convert_jax.VIT:
        known = known.over(Known(n_heads=convert_jax.heads_of(weights)))
    known = known.over(dialect.known)
    parts, ignored = translate(weights, dialect)
    if dialect is convert_jax.VIT:
        parts = {name: convert_jax.as_torch(name, part) for name, part in parts.items()}
    if dialect.family == "vit":
        plan = plan_vit(parts, known)
    elif dialect.family == "swin":
        plan = plan_swin(parts, known, dialect.padding)
    else:
        plan = plan_resnet(parts, known)
    return dialect.format, plan, ignored, known


def _build(plan: Plan) -> Network:
    """The network of a plan with its tensors. Raises CheckpointError where they do not fit."""
    # Drawing fresh weights takes longer than reading others: without memory for them none are drawn. Only Swin has a
    # buffer that is in no state dict. Where they are drawn the caller's random numbers are left alone.
    device = torch.device("cpu" if plan.model == "swin" else "meta")
    try:
        with device, torch.random.fork_rng(devices=[]):
            model = create_model(plan.model, **plan.options)
    except ValueError as error:
        raise refusal(str(error)) from error
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = {name: tuple(part.tensor.shape) for name, part in plan.parts.items()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        name = wrong[0]
        raise refusal(
            f"{name} is {found.get(name, 'missing')} and should be {expected.get(name, 'absent')} "
            f"({len(wrong)} such tensors)"
        )
    model.load_state_dict({name: _copied(part.tensor) for name, part in plan.parts.items()}, assign=True)
    return model.eval()


def _copied(tensor: Tensor) -> Tensor:
    """A copy of its own on the CPU, in float32 unless it counts something."""
    dtype = torch.float32 if tensor.is_floating_point() else tensor.dtype
    return torch.empty(tensor.shape, dtype=dtype).copy_(tensor.detach())


def _check_finite(weights: Mapping[str, Tensor]) -> None:
    broken = [key for key, tensor in weights.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if broken:
        count = f"{len(broken)} such tensors"
        raise CheckpointError(f"These weights are broken: {broken[0]} holds NaN or infinity ({count}).")


def _class_names(known: Known, n_classes: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the classes, and the assumption they rest on."""
    if not n_classes:
        return (), ()
    if known.names is not None:
        if len(known.names) != n_classes:
            raise CheckpointError(f"{len(known.names)} names were given for a head of {n_classes} classes.")
        return known.names, ()
    if n_classes == N_IMAGENET:
        return imagenet_names(), ("the classes are those of ImageNet-1k in their usual order",)
    return tuple(f"class {index}" for index in range(n_classes)), ("the classes have no names",)
