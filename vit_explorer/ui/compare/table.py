"""The table of architectures as CSV; and what others published."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from vit_explorer.models.published import PUBLISHED, Published

PLAIN = "none"  # the pre-training of a line without any

COLUMNS = {
    "checkpoint": "name", "kind": "title", "parameters": "parameters", "picture side, px": "side",
    "multiply-adds a picture": "multiply_adds", "multiply-adds at twice the side": "twice", "times as many": "doubled",
    "attention scores a layer and head": "law", "test accuracy": "test_accuracy", "test pictures": "n_test",
    "trained on": "data", "training pictures": "n_train", "epochs": "epochs", "teacher": "teacher",
}  # fmt: skip


def architectures_csv(rows: Sequence[Mapping[str, Any]], measured: Mapping[str, Any] | None) -> str:
    """The table as CSV: a line a network; times in seconds, empty where they were not measured."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    times = (measured or {}).get("models", {})
    said = [measured[key] for key in ("machine", "threads", "torch", "date")] if measured else [""] * 4
    writer.writerow(
        [*COLUMNS, "latency, s", "pictures a second", "batch", "measured on", "threads", "torch", "measured at"]
    )
    for row in rows:
        own = times.get(row["name"], {})
        latency, batch = own.get("latency", {}), own.get("throughput", {})
        cells = [row[key] for key in COLUMNS.values()]
        cells += [latency.get("median"), batch.get("per_second"), batch.get("batch")]
        writer.writerow(["" if cell is None else cell for cell in [*cells, *(said if own else [""] * 4)]])
    return text.getvalue()


def published_rows() -> list[dict[str, Any]]:
    """The lines of ``models.published``."""
    return [asdict(line) for line in PUBLISHED]


def mixing_example(lines: Sequence[Published] = PUBLISHED) -> str:
    """What it does to mix resolutions and pre-trainings, on the ViT-B/16 and Swin-B of the table, in a sentence or two.

    Raises:
        ValueError: if the lines do not hold both with and without.
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
