"""Ingredients: one ingredient of the recipe applied to the picture, and its effect on the prediction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.data.mixing import mix_images, mix_targets, soft_targets
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.dropped import branch_scales, draw_kept, scaled_logits
from vit_explorer.models.stochastic_depth import linear_rates
from vit_explorer.ui.core.arrays import Packed, pack, pack_pixels
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import LARGEST_SEED, ModelInput, ModelRequest, Range, load_input
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.recipe.ingredients import INGREDIENTS, trained_with
from vit_explorer.ui.recipe.mixing import SHARES, drawn_mix, label_of, others, smoothed, spread_of_shares
from vit_explorer.ui.recipe.pictures import IN_REPEATS, changed, repeated

ROLLS = 8  # further draws that are shown small
IN_BATCH = 12  # pictures in a batch of repeats
PASSES = 20  # with branches dropped
SMALL = 64  # px, the largest side of what is shown small


@dataclass(frozen=True)
class IngredientRequest(ModelRequest):
    """An ingredient by its name; ``strength`` None stands for the usual one."""

    ingredient: str
    strength: float | None
    seed: Annotated[int, Range(0, LARGEST_SEED - ROLLS)]


class ShownPayload(TypedDict):
    """An image, what was done to it, and the (top, left, height, width) of that, if it has a place."""

    pixels: Packed
    done: str
    box: tuple[int, int, int, int] | None


class RollPayload(TypedDict):
    """The outcome of another seed, and its prediction."""

    seed: int
    pixels: Packed
    answer: int
    probability: float


class CellPayload(TypedDict):
    """An image of a batch; ``same``: its prediction is that of the unchanged image."""

    pixels: Packed
    title: str
    answer: int
    probability: float
    same: bool


class EffectPayload(TypedDict):
    """A probability per class ``before`` and ``after``; ``kind`` says which of the rest there is.

    "pictures": ``steps`` and ``rolls`` of the next seeds. "mix": the same, with ``labels``, ``share``, the ``target``
    per class, and the ``spread`` of shares in ``draws``. "smoothing": ``label`` and the numbers of :func:`smoothed`.
    "batch": ``cells``, the number with the ``same`` prediction, and how all are ``augmented``. "depth": ``rates``,
    ``kept`` (PASSES, blocks, 2), ``passes`` packed (PASSES, classes), the number with a ``changed`` prediction; the
    first pass is the one of ``after``. "none": a network without branches to drop.
    """

    kind: Literal["pictures", "mix", "smoothing", "batch", "depth", "none"]
    before: list[float]
    after: list[float]
    steps: NotRequired[list[ShownPayload]]
    rolls: NotRequired[list[RollPayload]]
    labels: NotRequired[list[dict[str, Any]]]
    label: NotRequired[dict[str, Any]]
    share: NotRequired[float]
    target: NotRequired[list[float]]
    spread: NotRequired[list[float]]
    draws: NotRequired[int]
    loss: NotRequired[float]
    hard: NotRequired[float]
    even: NotRequired[float]
    lowest: NotRequired[float]
    cells: NotRequired[list[CellPayload]]
    same: NotRequired[int]
    augmented: NotRequired[dict[str, float]]
    rates: NotRequired[list[float]]
    kept: NotRequired[list[list[list[int]]]]
    passes: NotRequired[Packed]
    changed: NotRequired[int]


class IngredientPayload(EffectPayload):
    """The effect, what was requested, and all ingredients, with the strength at which this model was ``trained``."""

    ingredient: str
    strength: float
    seed: int
    ingredients: dict[str, dict[str, Any]]


def apply_ingredient(session: Session, request: IngredientRequest) -> IngredientPayload:
    """Apply one ingredient to the picture. Raises UserError for an ingredient or a strength that is not offered."""
    name, seed = request.ingredient, request.seed
    if name not in INGREDIENTS:
        raise UserError(f"The ingredients are {', '.join(INGREDIENTS)}, not {name[:20]}.")
    ingredient = INGREDIENTS[name]
    strength = ingredient.usual if request.strength is None else request.strength
    if strength not in ingredient.values:
        low, high = ingredient.values[0], ingredient.values[-1]
        raise UserError(
            f"The strength of {ingredient.title} can be {low:g} to {high:g}, in its steps, not {strength:g}."
        )
    seen = load_input(session, request)
    kinds = {"mixup": _mix, "cutmix": _mix, "smoothing": _smooth, "repeats": _batch, "depth": _drop}
    with torch.no_grad():
        found = kinds.get(name, _change)(session, seen, request, strength, seed)
    return {
        **found,
        "ingredient": name,
        "strength": strength,
        "seed": seed,
        "ingredients": {
            one: {**asdict(facts), "trained": trained_with(one, seen.checkpoint)} for one, facts in INGREDIENTS.items()
        },
    }


def _change(
    session: Session, seen: ModelInput, request: IngredientRequest, strength: float, seed: int
) -> EffectPayload:
    name = request.ingredient
    steps = changed(name, seen.images, strength, seed)
    rolls = [changed(name, seen.images, strength, seed + k)[-1].images for k in range(1, ROLLS + 1)]
    logits = _ask(seen, [seen.images, steps[-1].images, *rolls])
    return {
        "kind": "pictures",
        "before": _probabilities(logits[0]),
        "after": _probabilities(logits[1]),
        "steps": [
            _shown(seen.images, seen.picture.title),
            *(_shown(step.images, step.done, step.box) for step in steps),
        ],
        "rolls": _rolls(rolls, logits[2:], seed),
    }


def _mix(session: Session, seen: ModelInput, request: IngredientRequest, alpha: float, seed: int) -> EffectPayload:
    name, size, checkpoint = request.ingredient, seen.images.shape[-1], seen.checkpoint
    partners, mixes, mixed = [], [], []
    for k in range(ROLLS + 1):
        partners += others(session, checkpoint, seen.picture, 1, seed + k)
        pair = torch.cat([seen.images, fit_picture(partners[k].image, size, request.fit)[None]])
        mixes.append(drawn_mix(name, size, alpha, seed + k))
        mixed.append(mix_images(pair, mixes[k])[:1])
        if k == 0:
            other = pair[1:]
    logits = _ask(seen, [seen.images, other, *mixed])
    labels = [label_of(picture, checkpoint, logits[k]) for k, picture in enumerate([seen.picture, partners[0]])]
    hard = soft_targets(torch.tensor([label.index for label in labels]), len(checkpoint.class_names))
    mix = mixes[0]
    top, left, bottom, right = mix.box or (0, 0, 0, 0)
    box = (top, left, bottom - top, right - left) if mix.box else None
    return {
        "kind": "mix",
        "before": _probabilities(logits[0]),
        "after": _probabilities(logits[2]),
        "steps": [
            _shown(seen.images, seen.picture.title),
            _shown(other, partners[0].title, box),
            _shown(mixed[0], "mixed", box),
        ],
        "labels": [asdict(label) for label in labels],
        "share": mix.share,
        "target": mix_targets(hard, mix)[0].tolist(),
        "spread": spread_of_shares(name, size, alpha),
        "draws": SHARES,
        "rolls": _rolls(mixed[1:], logits[3:], seed),
    }


def _smooth(
    session: Session, seen: ModelInput, request: IngredientRequest, strength: float, seed: int
) -> EffectPayload:
    logits = _ask(seen, [seen.images])[0]
    label = label_of(seen.picture, seen.checkpoint, logits)
    return {
        "kind": "smoothing",
        "before": _probabilities(logits),
        "after": _probabilities(logits),
        "steps": [_shown(seen.images, seen.picture.title)],
        "label": asdict(label),
        **smoothed(logits, label.index, strength),
    }


def _batch(session: Session, seen: ModelInput, request: IngredientRequest, repeats: float, seed: int) -> EffectPayload:
    n = IN_BATCH // int(repeats)
    pictures = [seen.picture, *others(session, seen.checkpoint, seen.picture, n - 1, seed)]
    size = seen.images.shape[-1]
    plain = torch.stack([fit_picture(picture.image, size, request.fit) for picture in pictures])
    batch = repeated(plain.repeat_interleave(int(repeats), dim=0), seed)  # as a run's batch source lays it out
    logits = _ask(seen, [plain, batch])
    as_it_is = logits[:n].argmax(dim=1).repeat_interleave(int(repeats))
    answers = logits[n:].argmax(dim=1)
    chances = logits[n:].softmax(dim=1)
    return {
        "kind": "batch",
        "before": _probabilities(logits[0]),
        "after": chances[: int(repeats)].mean(dim=0).tolist(),
        "cells": [
            {
                "pixels": pack_pixels(_small(batch[k : k + 1])),
                "title": pictures[k // int(repeats)].title,
                "answer": int(answers[k]),
                "probability": float(chances[k].max()),
                "same": bool(answers[k] == as_it_is[k]),
            }
            for k in range(IN_BATCH)
        ],
        "same": int((answers == as_it_is).sum()),
        "augmented": {"magnitude": IN_REPEATS[0], "erasing": IN_REPEATS[1]},
    }


def _drop(session: Session, seen: ModelInput, request: IngredientRequest, rate: float, seed: int) -> EffectPayload:
    model = seen.checkpoint.model
    before, n_blocks = _ask(seen, [seen.images])[0], len(model.residual_blocks)
    if not n_blocks:
        return {"kind": "none", "before": _probabilities(before), "after": _probabilities(before)}
    kept = draw_kept(PASSES, n_blocks, rate, seed)
    logits = scaled_logits(model, seen.inputs, branch_scales(kept, rate))
    chances = logits.softmax(dim=1)
    return {
        "kind": "depth",
        "before": _probabilities(before),
        "after": chances[0].tolist(),
        "rates": linear_rates(rate, n_blocks),
        "kept": kept.int().tolist(),
        "passes": pack(chances),
        "changed": int((chances.argmax(dim=1) != before.argmax()).sum()),
    }


def _ask(seen: ModelInput, images: list[Tensor]) -> Tensor:
    """The logits (B, classes) of images, uint8 (b, 3, H, W) each."""
    return seen.checkpoint.model(seen.checkpoint.preprocess(torch.cat(images)))


def _probabilities(logits: Tensor) -> list[float]:
    return logits.softmax(dim=0).tolist()


def _shown(images: Tensor, done: str, box: tuple[int, int, int, int] | None = None) -> ShownPayload:
    return {"pixels": pack_pixels(images), "done": done, "box": box}


def _rolls(images: list[Tensor], logits: Tensor, seed: int) -> list[RollPayload]:
    """The outcomes of the seeds that follow, and their predictions."""
    chances = logits.softmax(dim=1)
    return [
        {
            "seed": seed + k + 1,
            "pixels": pack_pixels(_small(images[k])),
            "answer": int(chances[k].argmax()),
            "probability": float(chances[k].max()),
        }
        for k in range(len(images))
    ]


def _small(images: Tensor) -> Tensor:
    """Reduce a large image to SMALL pixels a side: it is only a thumbnail, and a payload has a limit."""
    if images.shape[-1] <= SMALL:
        return images
    return F.adaptive_avg_pool2d(images.float(), SMALL).round().to(torch.uint8)
