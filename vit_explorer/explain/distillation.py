"""The CLS and distillation tokens of a DeiT: attention, answers, disagreement.

Source: Touvron et al. 2021, "Training data-efficient image transformers & distillation through attention", section 4
("Distillation token").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.explain.rollout import rollout
from vit_explorer.explain.trace import trace
from vit_explorer.models.deit import DeiT

TOKENS = 2  # CLS, and the distillation token after it


@dataclass(frozen=True)
class TwoTokens:
    """One pass of a DeiT, seen from both tokens, CLS first.

    Attributes:
        heads: (B, 2, classes), the logits of the CLS head and of the distillation head.
        logits: (B, classes), the answer: their mean.
        attention: by layer, (B, heads, 2, N): what each of the two tokens gives to the patches. What they give to each
            other and to themselves is left out, so that a row sums to less than 1.
        rollout: (B, 2, N), what flows from each patch into each of the two tokens through all layers.
        similarity: (B, layers + 1), the cosine of the two tokens' vectors, before the first block and after each.
    """

    heads: Tensor
    logits: Tensor
    attention: list[Tensor]
    rollout: Tensor
    similarity: Tensor


@torch.no_grad()
def two_tokens(model: DeiT, inputs: Tensor) -> TwoTokens:
    """Trace both tokens of a DeiT on inputs (B, C, H, W).

    Raises:
        ValueError: for a model without a distillation token.
    """
    if "distillation" not in model.prefix_names():
        raise ValueError(f"a {type(model).__name__} has no distillation token")
    traced = trace(model, inputs)
    flow = rollout(traced.attention, n_prefix=TOKENS)
    vectors = torch.stack([F.normalize(hidden[:, :TOKENS], dim=-1) for hidden in traced.hidden], dim=1)
    return TwoTokens(
        heads=torch.stack(model.read(traced.hidden[-1]), dim=1),
        logits=traced.logits,
        attention=[weights[:, :, :TOKENS, TOKENS:] for weights in traced.attention],
        rollout=flow[:, :TOKENS, TOKENS:],
        similarity=(vectors[:, :, 0] * vectors[:, :, 1]).sum(dim=-1),  # (B, layers + 1)
    )


@dataclass(frozen=True)
class Answers:
    """Predicted classes of n images by each head, (n,) int64 each.

    ``teacher`` is None without a teacher.
    """

    truth: Tensor
    cls: Tensor
    distillation: Tensor
    mean: Tensor
    teacher: Tensor | None = None

    def right(self) -> dict[str, int]:
        """Number of correct answers by name."""
        return {name: int((given == self.truth).sum()) for name, given in self.given().items()}

    def agree(self, one: str, other: str) -> int:
        """Number of images on which two of the named answers agree."""
        given = self.given()
        return int((given[one] == given[other]).sum())

    def given(self) -> dict[str, Tensor]:
        """Answers by name; the teacher only if there is one."""
        known = {"cls": self.cls, "distillation": self.distillation, "mean": self.mean}
        return known if self.teacher is None else {**known, "teacher": self.teacher}

    def kinds(self) -> Mapping[str, Tensor]:
        """Masks by kind of disagreement, (n,) bool; an image may be of several kinds."""
        differ = self.cls != self.distillation
        cls_right, distillation_right = self.cls == self.truth, self.distillation == self.truth
        found = {
            "cls right": differ & cls_right,
            "distillation right": differ & distillation_right,
            "neither right": differ & ~cls_right & ~distillation_right,
        }
        if self.teacher is None:
            return found
        right, teacher_right = self.mean == self.truth, self.teacher == self.truth
        return {
            **found,
            "teacher right": ~right & teacher_right,
            "teacher wrong": right & ~teacher_right,
            "same mistake": ~right & (self.mean == self.teacher),
        }


@torch.no_grad()
def answers_of(model: DeiT, inputs: Tensor, truth: Tensor, teacher_logits: Tensor | None) -> Answers:
    """Classes by both heads, their mean and a teacher for inputs (B, C, H, W)."""
    cls, distillation = model.heads(inputs)
    teacher = None if teacher_logits is None else teacher_logits.argmax(dim=1)
    mean = (cls + distillation) / 2
    return Answers(truth, cls.argmax(dim=1), distillation.argmax(dim=1), mean.argmax(dim=1), teacher)


def joined(parts: list[Answers]) -> Answers:
    """Concatenate answers for all images, in order."""
    teachers = [part.teacher for part in parts]
    fields = ("truth", "cls", "distillation", "mean")
    known = None if any(teacher is None for teacher in teachers) else torch.cat([t for t in teachers if t is not None])
    joint = {field: torch.cat([getattr(part, field) for part in parts]) for field in fields}
    return Answers(**joint, teacher=known)
