"""The simplest function that a page can ask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    word: str


def echo(request: Word) -> dict:
    return {"word": request.word}
