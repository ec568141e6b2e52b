"""Reasons for an architecture out of this app's own numbers, beside those that are cited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from vit_explorer.models.summary import accuracy_percent
from vit_explorer.models.zoo import MODELS
from vit_explorer.training.studies.data_scaling import curves
from vit_explorer.training.studies.ladder import RUNGS
from vit_explorer.ui.compare.papers import PAPERS, PUBLISHED_LINES, Reason

CLOSE = 0.005  # of accuracy: closer than half a point is called level
LEVEL = "level with"
SMALL, LARGE = 10_000, 100_000  # pictures, the bounds of the first question


@dataclass(frozen=True)
class Evidence:
    """What this app knows by itself.

    Attributes:
        rows: of ``architecture_rows``.
        hunger: results of the sweep of that name, None where none ship.
        ladder: likewise.
    """

    rows: Sequence[Mapping[str, Any]]
    hunger: Mapping[str, Any] | None = None
    ladder: Mapping[str, Any] | None = None

    def of_kind(self, kind: str) -> list[Mapping[str, Any]]:
        """Trained rows of a kind that know their accuracy, the best first; CIFAR-10 before other data."""
        found = [row for row in self.rows if row["architecture"] == kind and row["trained"]]
        known = [row for row in found if row["test_accuracy"] is not None]
        return sorted(known, key=lambda row: (row["data"] != "cifar10", -row["test_accuracy"]))


def reasons_for(names: Sequence[str], kind: str, other: str, evidence: Evidence) -> tuple[Reason, ...]:
    """The reasons of these names; one for which this app has no number (yet) is left out.

    Args:
        kind, other: of the zoo: what stands for the advice, and for what to try beside it.
    """
    found = (
        PAPERS[name] if name in PAPERS else PUBLISHED_LINES[name]() if name in PUBLISHED_LINES
        else MEASURED[name](kind, other, evidence) for name in names
    )  # fmt: skip
    return tuple(reason for reason in found if reason is not None)


# ---- this app's own numbers ---------------------------------------------------------------------------------------
def _here(text: str, source: str) -> Reason:
    return Reason(text, source, "here")


def _hunger(low: int, high: int) -> Callable[[str, str, Evidence], Reason | None]:
    """What the sweep found at its sizes from ``low`` to below ``high``: the kind advised against the best other one."""

    def reason(kind: str, _: str, evidence: Evidence) -> Reason | None:
        if evidence.hunger is None:
            return None
        found = curves(evidence.hunger)
        if kind not in found:
            return None
        at = [size for size, *_ in found[kind] if low <= size < high]
        at = [size for size in at if sum(size in [point[0] for point in points] for points in found.values()) > 1]
        if not at:
            return None
        parts, agrees = [], []
        for size in sorted({at[0], at[-1]}):
            reached = {name: share for name, points in found.items() for n, share, *_ in points if n == size}
            rival = max((name for name in reached if name != kind), key=reached.__getitem__)
            ahead = reached[kind] - reached[rival]
            agrees.append(ahead > -CLOSE)
            plain = f", the plain ViT {100 * reached['vit']:.1f} %" if "vit" in reached.keys() - {kind, rival} else ""
            parts.append(
                f"at {size:,} pictures {_title(kind)} {100 * reached[kind]:.1f} %, the best other, {_title(rival)}, "
                f"{100 * reached[rival]:.1f} %{plain}"
            )
        lead = "Found here" if all(agrees) else "Here another was ahead" if not any(agrees) else "Found here in part"
        seeds = max(points[-1] for curve in found.values() for points in curve)
        return _here(
            f"{lead}: {'; '.join(parts)}.",
            f"this app's sweep for the hunger for data, equal updates, {seeds} seed{'s' if seeds > 1 else ''}",
        )

    return reason


def _title(kind: str) -> str:
    return MODELS[kind].title


def _measured_here(kind: str, other: str, evidence: Evidence) -> Reason | None:
    ours, theirs = evidence.of_kind(kind), evidence.of_kind(other)
    if not ours or not theirs or ours[0]["data"] != theirs[0]["data"] or kind == other:
        return None
    one, two = ours[0], theirs[0]
    difference = one["test_accuracy"] - two["test_accuracy"]
    verdict = LEVEL if abs(difference) < CLOSE else "ahead of" if difference > 0 else "behind"
    return _here(
        f"Among the models here it is {verdict} the alternative: {_row(one)}, {_row(two)}.",
        f"the cards of {one['name']} ({_data(one)}) and {two['name']} ({_data(two)})",
    )


def _small_here(kind: str, _: str, evidence: Evidence) -> Reason | None:
    ours = evidence.of_kind(kind)
    if not ours:
        return None
    row = ours[0]
    reached = accuracy_percent(row["test_accuracy"])
    return _here(
        f"Here {_title(kind)} reaches {reached} with {row['parameters'] / 1e6:.2f} M weights.",
        f"the card of {row['name']} ({_data(row)})",
    )


def _cheap_cnn(_: str, __: str, evidence: Evidence) -> Reason | None:
    return _twice(evidence, "cnn", "vit")


def _square(_: str, __: str, evidence: Evidence) -> Reason | None:
    return _twice(evidence, "swin", "vit")


def _growth(kind: str, other: str, evidence: Evidence) -> Reason | None:
    return _twice(evidence, kind, "vit" if kind != "vit" else "swin" if other != "swin" else "cnn")


def _twice(evidence: Evidence, kind: str, other: str) -> Reason | None:
    """What a picture of twice the side costs, counted on the networks of this app."""
    rows = {row["architecture"]: row for row in reversed(evidence.rows)}
    if kind not in rows or other not in rows:
        return None
    one, two = rows[kind], rows[other]
    return _here(
        f"Twice the side of the picture costs {_title(kind)} {one['doubled']:.2f} times the multiply-adds, "
        f"{_title(other)} {two['doubled']:.2f} times; the pixels alone would make it 4.",
        f"counted on {one['name']} and {two['name']} in this app, {one['side']} to {2 * one['side']} px",
    )


def _ladder(_: str, __: str, evidence: Evidence) -> Reason | None:
    points = evidence.ladder["points"] if evidence.ladder else []
    reached = {rung.name: [point["test_accuracy"] for point in points if point["rung"] == rung.name] for rung in RUNGS}
    means = {name: mean(values) for name, values in reached.items() if values}
    plain, whole = RUNGS[0].name, RUNGS[-1].name
    if plain not in means or whole not in means:
        return None
    return _here(
        f"Ingredient by ingredient, its recipe took a ViT here from {100 * means[plain]:.1f} to "
        f"{100 * means[whole]:.1f} %, with equal updates.",
        "this app, Recipe: Which helped most?",
    )


def _row(row: Mapping[str, Any]) -> str:
    reached = accuracy_percent(row["test_accuracy"])
    return f"{row['title']} {reached} for {row['multiply_adds'] / 1e6:.0f} M multiply-adds"


def _data(row: Mapping[str, Any]) -> str:
    count = "" if row["n_train"] is None else f", {row['n_train']:,} training pictures"
    return f"{row['data']}{count}"


MEASURED: dict[str, Callable[[str, str, Evidence], Reason | None]] = {
    "hunger-small": _hunger(0, SMALL),
    "hunger-medium": _hunger(SMALL, LARGE),
    "measured-here": _measured_here,
    "small-here": _small_here,
    "cheap-cnn": _cheap_cnn,
    "square": _square,
    "growth": _growth,
    "ladder": _ladder,
}
