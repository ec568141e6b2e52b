"""A model's answers to all test pictures of its dataset: made once, in the background, kept for all visitors."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.datasets import Source
from vit_explorer.ui.core.jobs import program_ends
from vit_explorer.ui.core.requests import fit_input

BATCH = 100  # pictures of one pass; of large ones fewer
BATCH_PIXELS = BATCH * 64 * 64
MAX_KEPT = 64  # models whose answers are kept, the least recently used is forgotten first


@dataclass
class Predictions:
    """Answers as far as they have been made: ``done`` of ``total``.

    Attributes:
        answers, probabilities: (total,) predicted class and its probability; complete once ``done`` is ``total``.
        fault: why they could not be made, a sentence, or None.
    """

    checkpoint: Checkpoint
    source: Source
    answers: Tensor
    probabilities: Tensor
    done: int = 0
    fault: str | None = None

    @property
    def total(self) -> int:
        return len(self.source.test.y)

    @property
    def complete(self) -> bool:
        return self.done == self.total


class PredictionStore:
    """The answers of models, one model at a time being asked. May be used from any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Predictions] = OrderedDict()
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()

    def of(self, checkpoint: Checkpoint, source: Source) -> Predictions:
        """The answers of a model, begun now if need be; anew when the model or the pictures have changed."""
        key = checkpoint.name, source.data
        with self._lock:
            kept = self._kept.pop(key, None)
            stale = kept is None or kept.checkpoint is not checkpoint or kept.source.test.x is not source.test.x
            if kept is None or stale or kept.fault is not None:
                n = len(source.test.y)
                kept = Predictions(checkpoint, source, torch.zeros(n, dtype=torch.long), torch.zeros(n))
                threading.Thread(target=self._ask, args=(kept,), daemon=False).start()  # unlike the thread that asks
            self._kept[key] = kept
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return kept

    def _ask(self, kept: Predictions) -> None:
        try:
            with self._one_at_a_time:
                ask_model(kept)
        except Exception as error:  # a picture that has gone, no memory: said to whoever looks
            kept.fault = f"The test pictures could not be shown to {kept.checkpoint.name} ({error})."


@torch.inference_mode()
def ask_model(kept: Predictions) -> None:
    """Show a model all test pictures, as it was tested on them; when the program ends, no more than those under way."""
    checkpoint, source = kept.checkpoint, kept.source
    side = checkpoint.model.img_size
    batch = max(1, min(BATCH, BATCH_PIXELS // side**2))
    for begin in range(0, kept.total, batch):
        if program_ends():
            return
        part = range(begin, min(begin + batch, kept.total))
        if "preprocessing" in checkpoint.card:  # as the network's authors resize and crop
            images = torch.stack([fit_input(source.picture(index), checkpoint, "crop") for index in part])
        else:
            images = source.test_images(part, side)
        best = checkpoint.model(checkpoint.preprocess(images)).softmax(dim=1).max(dim=1)
        kept.answers[part.start : part.stop], kept.probabilities[part.start : part.stop] = best.indices, best.values
        kept.done = part.stop
