"""Published: ImageNet figures of the papers, and the effect of mixing resolutions and pre-trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypedDict

from vit_explorer.models.published import PUBLISHED, Published

PLAIN = "none"  # the pre-training of a line without any


class PublishedPayload(TypedDict):
    """The lines of ``models.published``, and a sentence or two on mixing them."""

    rows: list[dict[str, Any]]
    mixing: str


def published_figures() -> PublishedPayload:
    """The published ImageNet figures."""
    return {"rows": [asdict(line) for line in PUBLISHED], "mixing": mixing_example()}


def mixing_example(lines: Sequence[Published] = PUBLISHED) -> str:
    """Show the effect of mixing resolutions and pre-trainings on ViT-B/16 and Swin-B, in a sentence or two.

    Raises:
        ValueError: if a line with or without pre-training is missing.
    """
    plain = _best(lines, "ViT-B/16", without=True)
    best = _best(lines, "ViT-B/16", without=False)
    rival = _best(lines, "Swin-B", without=True)
    spread = 100 * (best.top1 - plain.top1)
    ahead, behind = 100 * (best.top1 - rival.top1), 100 * (rival.top1 - plain.top1)
    mixed = f"set beside Swin-B's {_percent(rival)} without, the second puts the ViT {_points(ahead)}"
    return (
        f"ViT-B/16 is {_percent(plain)} at {plain.resolution} px without pre-training and {_percent(best)} at "
        f"{best.resolution} px with {best.pretraining.partition(':')[0]}: {spread:.1f} points between two lines of one "
        f"architecture. Mixed up, {mixed}; on equal terms ({rival.resolution} px, none) it is {_points(-behind)}."
    )


def _best(lines: Sequence[Published], name: str, without: bool) -> Published:
    found = [line for line in lines if line.name == name and (line.pretraining == PLAIN) == without]
    if not found:
        raise ValueError(f"there is no line of {name} {'without' if without else 'with'} pre-training")
    return max(found, key=lambda line: line.top1)


def _percent(line: Published) -> str:
    return f"{100 * line.top1:.1f} %"


def _points(difference: float) -> str:
    return f"{abs(difference):.1f} points {'ahead' if difference > 0 else 'behind'}"
