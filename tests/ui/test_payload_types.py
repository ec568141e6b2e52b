"""The TypeScript declarations of what the server sends are those of its TypedDicts."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

import pytest

from vit_explorer.ui.payload_types import FILE, declarations, typescript


def test_the_declarations_are_up_to_date():
    made = declarations()
    assert FILE.read_text(encoding="utf-8") == made, "run python -m vit_explorer.ui.payload_types"


def test_traces_models_and_answers_are_declared():
    made = declarations()
    for line in (
        "export interface TracePayload {",
        "  attention: AttentionPayload | null;",
        "  rollout_stack: RolloutPayload;",
        '  fit: "crop" | "letterbox";',
        "  shape: Array<number>;",
    ):
        assert line in made.splitlines(), line


class Part(TypedDict):
    a: int
    b: NotRequired[str]


def test_types_that_json_carries_have_counterparts():
    pairs: list[tuple[Any, str]] = [
        (float, "number"),
        (str | None, "string | null"),
        (list[dict[str, int]], "Array<Record<string, number>>"),
        (tuple[int, str], "[number, string]"),
        (tuple[int, ...], "Array<number>"),
        (Literal["a", "b", True], '"a" | "b" | true'),
        (Part | None, "Part | null"),
        (NotRequired[list[bool]], "Array<boolean>"),
    ]
    assert [typescript(hint) for hint, _ in pairs] == [text for _, text in pairs]
    with pytest.raises(TypeError, match="bytes"):
        typescript(bytes)
