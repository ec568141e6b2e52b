"""The nearest pictures of a dataset: found among vectors that were made once, without the picture itself."""

from __future__ import annotations

import pytest
import torch

from vit_explorer.data.dataset import Split
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Left, Watch
from vit_explorer.ui.features import nearest as module
from vit_explorer.ui.features.nearest import (
    Indexes,
    K,
    find_nearest,
    index_progress,
    leave_index,
    make_index,
    plan_index,
)

N = 60
QUESTION = {"model": "vit-cifar10", "source": "shapes"}


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(module, "MOST", N)


def test_neighbours_are_those_of_the_vector_that_the_head_reads(session, monkeypatch):
    indexes = Indexes()
    picture = {"picture": "shapes:7", "fit": "crop", **QUESTION}
    assert bind(plan_index, session, indexes)(QUESTION) == {"n": N, "done": False, "quick": True}
    with pytest.raises(UserError, match="has not seen"):
        bind(find_nearest, session, indexes)(picture)
    made = bind(make_index, session, indexes, Watch())(QUESTION)
    assert (made["n"], made["k"]) == (N, K) and 0 <= made["accuracy"] <= 1
    assert bind(plan_index, session, indexes)(QUESTION)["done"]

    checkpoint, (split, names) = session.checkpoint("vit-cifar10"), session.test_split("shapes")
    with torch.no_grad():
        vectors = checkpoint.model.embed(checkpoint.preprocess(split.x[:N]))
    cosines = torch.nn.functional.cosine_similarity(vectors, vectors[7:8])
    cosines[7] = -2
    expected = cosines.argsort(descending=True)[:K]
    answer = bind(find_nearest, session, indexes)(picture)
    found = answer["neighbours"]
    assert [one["picture"]["name"] for one in found] == [f"shapes:{place}" for place in expected.tolist()]
    assert [one["cosine"] for one in found] == pytest.approx(cosines[expected].tolist(), abs=1e-5)
    assert [one["picture"]["truth"] for one in found] == [names[int(split.y[place])] for place in expected]
    truths = [one["picture"]["truth"] for one in found]
    assert answer["names"] == list(names)
    assert answer["votes"] == truths.count(answer["label"]) == max(truths.count(name) for name in names)

    read_anew = Split(split.x.clone(), split.y)
    monkeypatch.setattr(session, "test_split", lambda _: (read_anew, names))
    assert not bind(plan_index, session, indexes)(QUESTION)["done"]


def test_large_networks_see_fewer_pictures_and_only_when_asked(session, monkeypatch):
    monkeypatch.setattr(module, "checkpoint_multiply_adds", lambda _: 17 * 10**9)
    monkeypatch.setattr(module, "MOST", 1000)
    plan = bind(plan_index, session, Indexes())(QUESTION)
    assert plan == {"n": 100, "done": False, "quick": False}


def test_an_index_that_nobody_waits_for_is_not_made(session):
    watch, of = Watch(), {"question": QUESTION, "page": "one"}
    assert bind(index_progress, watch)(of) == {"seen": None}
    bind(leave_index, watch)(of)
    with pytest.raises(Left):
        bind(make_index, session, Indexes(), watch)(QUESTION)
