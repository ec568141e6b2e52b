"""The class that an explanation is about."""

from __future__ import annotations

import torch
from torch import Tensor


def target_classes(logits: Tensor, target: int | Tensor | None) -> Tensor:
    """Class index of each image, (B,) int64.

    Args:
        logits: (B, C) of the whole images.
        target: a class for all, (B,) whole numbers for each its own, or None for what the model predicts.
    Raises:
        ValueError: for a network without a head, a class that the model does not have, with the range, or another
            number of classes than images.
    """
    n_pictures, n_classes = logits.shape
    if not n_classes:
        raise ValueError("this network has no head: it predicts no class to explain")
    if target is None:
        return logits.detach().argmax(dim=1)
    classes = torch.as_tensor(target, device=logits.device)
    if classes.is_floating_point() or classes.is_complex() or classes.dtype == torch.bool:
        raise ValueError(f"a class must be a whole number from 0 to {n_classes - 1}, not {target}")
    if classes.dim() > 1 or (classes.dim() == 1 and len(classes) not in (1, n_pictures)):
        raise ValueError(f"{n_pictures} pictures need one class, or one for each, not {tuple(classes.shape)}")
    if not bool(((classes >= 0) & (classes < n_classes)).all()):
        raise ValueError(f"a class must be 0 to {n_classes - 1}, not {target}")
    return classes.long().expand(n_pictures).clone()  # a copy: autograd keeps no tensor of inference mode
