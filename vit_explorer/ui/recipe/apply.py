"""What the Ingredients view asks for: one ingredient of the recipe applied to the picture at hand, and what it does."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.data.mixing import mix_images, mix_targets, soft_targets
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.dropped import branch_scales, count_blocks, draw_kept, scaled_logits
from vit_explorer.models.stochastic_depth import linear_rates
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.requests import LARGEST_SEED, Looked, looked_at, whole
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.recipe.ingredients import INGREDIENTS, trained_with
from vit_explorer.ui.recipe.mixing import SHARES, drawn_mix, label_of, others, smoothed, spread_of_shares
from vit_explorer.ui.recipe.pictures import IN_REPEATS, changed, repeated

ROLLS = 8  # further draws that are shown small
IN_BATCH = 12  # pictures in a batch of repeats
PASSES = 20  # with branches dropped
SMALL = 64  # px, the largest side of what is shown small


def apply_ingredient(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """Apply one: {picture, model, fit, ingredient, strength, seed}; strength None stands for the usual one.

    Returns:
        ``ingredient``, ``strength``, ``seed``: what was asked. ``ingredients``: what the page says of each by name,
        with the strength at which this model was ``trained``.
        ``before``, ``after``: a probability per class. ``kind`` says which of the rest there is:
        "pictures": ``steps`` of pixels, what was done and the box of it, and ``rolls`` of the next seeds.
        "mix": the same, with ``labels``, ``share``, ``target`` per class, and the ``spread`` of shares in ``draws``.
        "smoothing": ``label`` and the numbers of :func:`smoothed`.
        "batch": ``cells``, how many have the ``same`` answer as their picture unchanged, how all are ``augmented``.
        "depth": ``rates``, ``kept`` (PASSES, blocks, 2), ``passes`` packed (PASSES, classes), how many ``changed`` the
            answer. The first pass is the one of ``after``.
        "none": nothing more, for a network without branches to drop.
    Raises:
        Refused: for an ingredient, strength or seed that is not offered.
    """
    name = request["ingredient"]
    if name not in INGREDIENTS:
        raise Refused(f"The ingredients are {', '.join(INGREDIENTS)}, not {str(name)[:20]}.")
    ingredient = INGREDIENTS[name]
    strength = ingredient.usual if request["strength"] is None else request["strength"]
    if isinstance(strength, bool) or strength not in ingredient.values:
        low, high = ingredient.values[0], ingredient.values[-1]
        raise Refused(f"{ingredient.title} can be {low:g} to {high:g} strong, in its steps, not {str(strength)[:20]}.")
    seed = whole(request["seed"], "A seed", 0, LARGEST_SEED - ROLLS)
    looked = looked_at(session, request)
    kinds = {"mixup": _mix, "cutmix": _mix, "smoothing": _smooth, "repeats": _batch, "depth": _drop}
    with torch.no_grad():
        found = kinds.get(name, _change)(session, looked, request, strength, seed)
    return {
        "ingredient": name,
        "strength": strength,
        "seed": seed,
        "ingredients": {
            one: {**asdict(facts), "trained": trained_with(one, looked.checkpoint)}
            for one, facts in INGREDIENTS.items()
        },
        **found,
    }


def _change(session: Session, looked: Looked, request: dict[str, Any], strength: float, seed: int) -> dict[str, Any]:
    name = request["ingredient"]
    steps = changed(name, looked.images, strength, seed)
    rolls = [changed(name, looked.images, strength, seed + k)[-1].images for k in range(1, ROLLS + 1)]
    logits = _ask(looked, [looked.images, steps[-1].images, *rolls])
    return {
        "kind": "pictures",
        "before": _shares(logits[0]),
        "after": _shares(logits[1]),
        "steps": [
            _shown(looked.images, looked.picture.title),
            *(_shown(step.images, step.done, step.box) for step in steps),
        ],
        "rolls": _rolls(rolls, logits[2:], seed),
    }


def _mix(session: Session, looked: Looked, request: dict[str, Any], alpha: float, seed: int) -> dict[str, Any]:
    name, size, checkpoint = request["ingredient"], looked.images.shape[-1], looked.checkpoint
    partners, mixes, mixed = [], [], []
    for k in range(ROLLS + 1):
        partners += others(session, checkpoint, looked.picture, 1, seed + k)
        pair = torch.cat([looked.images, fit_picture(partners[k].image, size, request["fit"])[None]])
        mixes.append(drawn_mix(name, size, alpha, seed + k))
        mixed.append(mix_images(pair, mixes[k])[:1])
        if k == 0:
            other = pair[1:]
    logits = _ask(looked, [looked.images, other, *mixed])
    labels = [label_of(picture, checkpoint, logits[k]) for k, picture in enumerate([looked.picture, partners[0]])]
    hard = soft_targets(torch.tensor([label.index for label in labels]), len(checkpoint.class_names))
    mix = mixes[0]
    top, left, bottom, right = mix.box or (0, 0, 0, 0)
    box = (top, left, bottom - top, right - left) if mix.box else None
    return {
        "kind": "mix",
        "before": _shares(logits[0]),
        "after": _shares(logits[2]),
        "steps": [
            _shown(looked.images, looked.picture.title),
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


def _smooth(session: Session, looked: Looked, request: dict[str, Any], strength: float, seed: int) -> dict[str, Any]:
    logits = _ask(looked, [looked.images])[0]
    label = label_of(looked.picture, looked.checkpoint, logits)
    return {
        "kind": "smoothing",
        "before": _shares(logits),
        "after": _shares(logits),
        "steps": [_shown(looked.images, looked.picture.title)],
        "label": asdict(label),
        **smoothed(logits, label.index, strength),
    }


def _batch(session: Session, looked: Looked, request: dict[str, Any], repeats: float, seed: int) -> dict[str, Any]:
    n = IN_BATCH // int(repeats)
    pictures = [looked.picture, *others(session, looked.checkpoint, looked.picture, n - 1, seed)]
    size = looked.images.shape[-1]
    plain = torch.stack([fit_picture(picture.image, size, request["fit"]) for picture in pictures])
    batch = repeated(plain.repeat_interleave(int(repeats), dim=0), seed)  # as a training's feed lays it out
    logits = _ask(looked, [plain, batch])
    as_it_is = logits[:n].argmax(dim=1).repeat_interleave(int(repeats))
    answers = logits[n:].argmax(dim=1)
    chances = logits[n:].softmax(dim=1)
    return {
        "kind": "batch",
        "before": _shares(logits[0]),
        "after": chances[: int(repeats)].mean(dim=0).tolist(),
        "cells": [
            {
                "pixels": _packed(_small(batch[k : k + 1])),
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


def _drop(session: Session, looked: Looked, request: dict[str, Any], rate: float, seed: int) -> dict[str, Any]:
    model = looked.checkpoint.model
    before, n_blocks = _ask(looked, [looked.images])[0], count_blocks(model)
    if not n_blocks:
        return {"kind": "none", "before": _shares(before), "after": _shares(before)}
    kept = draw_kept(PASSES, n_blocks, rate, seed)
    logits = scaled_logits(model, looked.inputs, branch_scales(kept, rate))
    chances = logits.softmax(dim=1)
    return {
        "kind": "depth",
        "before": _shares(before),
        "after": chances[0].tolist(),
        "rates": linear_rates(rate, n_blocks),
        "kept": kept.int().tolist(),
        "passes": pack(chances),
        "changed": int((chances.argmax(dim=1) != before.argmax()).sum()),
    }


def _ask(looked: Looked, images: list[Tensor]) -> Tensor:
    """The model's logits for pictures as uint8 (b, 3, H, W) each, together (B, classes)."""
    return looked.checkpoint.model(looked.checkpoint.preprocess(torch.cat(images)))


def _shares(logits: Tensor) -> list[float]:
    return logits.softmax(dim=0).tolist()


def _shown(images: Tensor, done: str, box: tuple[int, int, int, int] | None = None) -> dict[str, Any]:
    return {"pixels": _packed(images), "done": done, "box": box}


def _rolls(images: list[Tensor], logits: Tensor, seed: int) -> list[dict[str, Any]]:
    """The outcomes of the seeds that follow, with what the model says of each."""
    chances = logits.softmax(dim=1)
    return [
        {
            "seed": seed + k + 1,
            "pixels": _packed(_small(images[k])),
            "answer": int(chances[k].argmax()),
            "probability": float(chances[k].max()),
        }
        for k in range(len(images))
    ]


def _packed(images: Tensor) -> dict[str, Any]:
    return pack(images[0].permute(1, 2, 0), "uint8")  # (1, 3, H, W) -> (H, W, 3)


def _small(images: Tensor) -> Tensor:
    """A large picture at SMALL pixels a side: it is only a thumbnail, and a payload has a limit."""
    if images.shape[-1] <= SMALL:
        return images
    return F.adaptive_avg_pool2d(images.float(), SMALL).round().to(torch.uint8)
