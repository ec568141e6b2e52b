"""Distillation: both learned tokens of a DeiT on the picture, and its two heads beside its teacher."""

from __future__ import annotations

import os
from typing import TypedDict

import torch

from vit_explorer.explain.distillation import two_tokens
from vit_explorer.models.checkpoint import Checkpoint, CheckpointError
from vit_explorer.ui.core.arrays import Packed, pack, pack_pixels
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import ModelRequest, fit_input
from vit_explorer.ui.core.session import Session


def deit_at_hand(session: Session, wanted: str) -> Checkpoint:
    """The checkpoint of this name if it is a DeiT, else the first that is one. Raises UserError where there is none."""
    usable, _ = session.checkpoints()
    found = [checkpoint for checkpoint in usable if "distillation" in checkpoint.model.prefix_names()]
    if not found:
        raise UserError("There is no DeiT among the models: train one in the Train tab, with a teacher, and keep it.")
    return next((checkpoint for checkpoint in found if checkpoint.name == wanted), found[0])


def teacher_of(session: Session, deit: Checkpoint) -> tuple[Checkpoint | None, str]:
    """The teacher of a DeiT; or None, and a sentence why."""
    name = os.path.basename(deit.card.get("recipe", {}).get("teacher", ""))
    if not name:
        return None, f"{deit.name} had no teacher: the mean of its heads learned the labels."
    try:
        teacher = session.checkpoint(name)
    except CheckpointError:
        return None, f"The teacher of {deit.name}, {name}, is not one of the models here."
    if teacher.class_names != deit.class_names or teacher.model.img_size != deit.model.img_size:
        return None, f"The model called {name} here is not the teacher of {deit.name}: it knows other classes or sizes."
    return teacher, ""


class HeadPayload(TypedDict):
    """A head, their mean, or the teacher: a probability per class."""

    name: str
    title: str
    probabilities: list[float]


class TokensPayload(TypedDict):
    """Both tokens of a DeiT on a picture, CLS first.

    ``model``: the requested one, or the first DeiT; ``teacher``: its name, or None, and ``missing`` says why.
    ``attention`` (layers, heads, 2, N) and ``rollout`` (2, N) over the patches. ``similarity``: the cosine of the two
    tokens before the first block and after each.
    """

    model: str
    teacher: str | None
    missing: str
    data: str
    classes: list[str]
    size: int
    grid: list[int]
    pixels: Packed
    attention: Packed
    rollout: Packed
    similarity: list[float]
    answers: list[HeadPayload]


@torch.inference_mode()
def distillation_tokens(session: Session, request: ModelRequest) -> TokensPayload:
    """Run a DeiT and its teacher on a picture. Raises UserError if there is no DeiT."""
    deit = deit_at_hand(session, request.model)
    teacher, missing = teacher_of(session, deit)
    picture = session.picture(request.picture)
    images = fit_input(picture.image, deit, request.fit)[None]
    seen = two_tokens(deit.model, deit.preprocess(images))
    said = {"cls": seen.heads[0, 0], "distillation": seen.heads[0, 1], "mean": seen.logits[0]}
    if teacher is not None:
        said["teacher"] = teacher.model(teacher.preprocess(images))[0]
    titles = {"cls": "CLS head", "distillation": "distillation head", "mean": "their mean, the answer"}
    return {
        "model": deit.name,
        "teacher": teacher.name if teacher else None,
        "missing": missing,
        "data": deit.card["dataset"]["name"],
        "classes": deit.class_names,
        "size": int(deit.model.img_size),
        "grid": list(deit.model.grid),
        "pixels": pack_pixels(images),
        "attention": pack(torch.cat(seen.attention)),
        "rollout": pack(seen.rollout[0]),
        "similarity": seen.similarity[0].tolist(),
        "answers": [
            {
                "name": name,
                "title": titles.get(name, f"teacher, {teacher.name}" if teacher else name),
                "probabilities": logits.softmax(dim=0).tolist(),
            }
            for name, logits in said.items()
        ],
    }
