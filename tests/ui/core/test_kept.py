"""What the server keeps in memory: visitors' pictures, and answers that are the same for everybody."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass

import orjson
import pytest

from vit_explorer.data.uploads import PictureError
from vit_explorer.ui.core.kept import KeptAnswers, key_of, made_from
from vit_explorer.ui.core.kept_pictures import IN_USE, KeptPictures
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.serve import serve, terms
from vit_explorer.ui.core.session import Session


@dataclass(frozen=True)
class Sized:
    name: str
    nbytes: int


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_picture_in_use_never_vanishes_and_the_next_is_refused():
    clock = Clock()
    kept = KeptPictures(100, clock)
    for name in "abcde":
        kept.keep(Sized(name, 20))
    with pytest.raises(PictureError, match="no room"):
        kept.keep(Sized("f", 20))
    assert all(kept.find(name) for name in "abcde") and kept.find("f") is None and kept.used == 100


def test_pictures_that_nobody_uses_any_more_make_room_the_oldest_first():
    clock = Clock()
    kept = KeptPictures(100, clock)
    for name in "abcde":
        kept.keep(Sized(name, 20))
    clock.now += IN_USE + 1
    assert kept.find("a")
    kept.keep(Sized("f", 50))
    assert [name for name in "abcdef" if kept.find(name)] == ["a", "e", "f"] and kept.used == 90


def test_the_same_picture_again_takes_no_more_room():
    kept = KeptPictures(100)
    for _ in range(50):
        kept.keep(Sized("a", 60))
    assert kept.used == 60


def test_answers_are_kept_within_their_memory_and_the_longest_unused_go():
    kept, source = KeptAnswers(3200), (object(),)
    for number in range(40):
        kept.keep(number, source, bytes(100))
        assert kept.find(0, source) == bytes(100)  # asked for all the time
    assert kept.used == 3200 and kept.find(1, source) is None and kept.find(39, source) is not None
    kept.keep("large", source, bytes(101))
    assert kept.find("large", source) is None and kept.used == 3200


def test_kept_answers_take_the_memory_that_is_stated():
    """orjson gives bytes whose block is up to fifty times as large as what is in them."""
    kept, source = KeptAnswers(), (object(),)
    tracemalloc.start()
    try:
        for number in range(30):
            kept.keep(number, source, orjson.dumps({"numbers": list(range(number, 1000))}))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept.used > 100_000 and taken < 1.2 * kept.used


def test_an_answer_made_from_replaced_weights_is_forgotten():
    kept, before, after = KeptAnswers(), object(), object()
    kept.keep("question", (before,), b"answer")
    assert kept.find("question", (before,)) == b"answer"
    assert kept.find("question", (after,)) is None and kept.used == 0


def about(session: Session, request: ModelRequest) -> dict:
    return {"of": request.picture}


@terms(anew=True)
def drawn(session: Session, request: ModelRequest) -> dict:
    return {"of": request.picture}


@dataclass(frozen=True)
class Among(ModelRequest):
    source: str


def test_an_answer_that_was_looked_for_in_a_dataset_depends_on_it():
    session = Session()
    (answer,) = serve(session, about=about)
    found = made_from(answer, Among("sample:cat", "vit-cifar10", "crop", "shapes"))
    assert found[-1] is session.datasets.open("shapes")


def test_questions_about_pictures_have_keys_and_those_about_ones_own_are_not_kept():
    session = Session()
    answer, draw = serve(session, answer=about, draw=drawn)
    request = answer.parse({"picture": "sample:cat", "model": "vit-cifar10", "fit": "crop"})
    again = answer.parse({"picture": "sample:cat", "model": "vit-cifar10", "fit": "crop", "other": 1})
    assert key_of(answer, request) == key_of(answer, again) is not None
    assert key_of(draw, request) is None
    assert made_from(answer, request)[0]() is session.checkpoint("vit-cifar10")
    mine = answer.parse({"picture": "upload:1", "model": "vit-cifar10", "fit": "crop"})
    assert key_of(answer, mine) is not None and made_from(answer, mine) is None
