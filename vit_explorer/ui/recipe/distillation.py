"""What the Distillation view asks for: both tokens of a DeiT on the picture at hand, its heads beside its teacher."""

from __future__ import annotations

import os
from typing import Any

import torch

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.distillation import two_tokens
from vit_explorer.models.deit import DeiT
from vit_explorer.models.zoo import Checkpoint, CheckpointError
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.session import Session


def deit_at_hand(session: Session, wanted: str) -> Checkpoint:
    """The checkpoint of this name if it is a DeiT, else the first that is one. Raises Refused where there is none."""
    usable, _ = session.checkpoints()
    found = [checkpoint for checkpoint in usable if isinstance(checkpoint.model, DeiT)]
    if not found:
        raise Refused("There is no DeiT among the models: train one in the Train tab, with a teacher, and keep it.")
    return next((checkpoint for checkpoint in found if checkpoint.name == wanted), found[0])


def teacher_of(session: Session, deit: Checkpoint) -> tuple[Checkpoint | None, str]:
    """Whom a DeiT learned from, and "" or a sentence why that one cannot be asked."""
    name = os.path.basename(deit.card.get("recipe", {}).get("teacher", ""))
    if not name:
        return None, f"{deit.name} had no teacher: the mean of its heads learned the labels."
    try:
        teacher = session.checkpoint(name)
    except CheckpointError:
        return None, f"The teacher of {deit.name}, {name}, is not among the models here."
    if teacher.class_names != deit.class_names or teacher.model.img_size != deit.model.img_size:
        return None, f"The model called {name} here is not the teacher of {deit.name}: it knows other classes or sizes."
    return teacher, ""


@torch.inference_mode()
def two_heads(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """Both tokens and all that answers, on a picture: {picture, model, fit}.

    Returns:
        ``model``, that of the picture or the first DeiT; ``teacher``, its name or None, and ``missing``, why.
        ``data``, on which it was trained; ``classes``, ``truth`` or None, ``size``, ``pixels``, ``grid``.
        ``attention`` packed (layers, heads, 2, N) and ``rollout`` (2, N): CLS first, shares of the patches.
        ``similarity``: the cosine of the two tokens before the first block and after each.
        ``answers``: name, title and a probability per class, of CLS head, distillation head, mean and teacher.
    """
    deit = deit_at_hand(session, request["model"])
    teacher, missing = teacher_of(session, deit)
    picture = session.picture(request["picture"])
    images = fit_picture(picture.image, deit.model.img_size, request["fit"])[None]
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
        "truth": picture.truth if picture.truth in deit.class_names else None,
        "size": deit.model.img_size,
        "grid": list(deit.model.grid),
        "pixels": pack(images[0].permute(1, 2, 0), "uint8"),
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
