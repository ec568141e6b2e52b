"""The Distillation view's answers are the networks' own; disagreements are counted over the whole split and kept."""

import base64
import json

import numpy as np
import pytest
import torch

from tests.deits import DEIT, PLAIN, TEACHER, save_deits
from vit_explorer.data.cifar10 import DATA_VARIABLE
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.distillation import answers_of, two_tokens
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.recipe.disagreement import CHUNK, SHOWN, Disagreements
from vit_explorer.ui.recipe.distillation import distillation_tokens


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Session:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_deits(folder)
    return Session(checkpoint_folders=[folder])


def look(session: Session, model: str = DEIT, picture: str = "shapes:7") -> dict:
    answer = bind(distillation_tokens, session)({"picture": picture, "model": model, "fit": "crop"})
    json.dumps(answer, allow_nan=False)
    return answer


def unpack(packed: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])


def test_maps_and_answers_are_those_of_the_pass(session):
    answer, deit, teacher = look(session), session.checkpoint(DEIT), session.checkpoint(TEACHER)
    images = fit_picture(session.picture("shapes:7").image, 32, "crop")[None]
    seen = two_tokens(deit.model, deit.preprocess(images))
    assert np.allclose(unpack(answer["attention"]), torch.cat(seen.attention).numpy())
    assert unpack(answer["attention"]).shape == (2, 2, 2, 64)
    assert np.allclose(unpack(answer["rollout"]), seen.rollout[0].numpy())
    assert answer["similarity"] == pytest.approx(seen.similarity[0].tolist())
    told = {one["name"]: one["probabilities"] for one in answer["answers"]}
    assert list(told) == ["cls", "distillation", "mean", "teacher"]
    assert told["mean"] == pytest.approx(seen.heads[0].mean(dim=0).softmax(dim=0).tolist(), abs=1e-6)
    assert told["cls"] == pytest.approx(seen.heads[0, 0].softmax(dim=0).tolist(), abs=1e-6)
    with torch.no_grad():
        expected = teacher.model(teacher.preprocess(images))[0].softmax(dim=0).tolist()
    assert told["teacher"] == pytest.approx(expected, abs=1e-6)
    assert (answer["model"], answer["teacher"], answer["missing"]) == (DEIT, TEACHER, "")


def test_beside_a_model_without_the_token_stands_the_first_deit(session):
    assert look(session, model=PLAIN)["model"] == DEIT


@pytest.mark.parametrize(
    ("teacher", "names", "sentence"),
    [
        ("", (DEIT,), "deit-test had no teacher: the mean of its heads learned the labels."),
        ("/somewhere/cnn-gone", (DEIT,), "The teacher of deit-test, cnn-gone, is not one of the models here."),
    ],
)
def test_a_teacher_that_cannot_be_asked_is_said_and_the_rest_is_there(tmp_path, teacher, names, sentence):
    save_deits(tmp_path, teacher, names)
    session = Session(checkpoint_folders=[tmp_path])
    answer = look(session)
    assert (answer["missing"], answer["teacher"]) == (sentence, None)
    assert [one["name"] for one in answer["answers"]] == ["cls", "distillation", "mean"]
    told = bind(Disagreements().count, session)({"model": DEIT, "go": True})
    assert set(told["right"]) == {"cls", "distillation", "mean"} and len(told["agree"]) == 1


def test_without_a_deit_it_is_said(tmp_path):
    save_deits(tmp_path, names=(PLAIN, TEACHER))
    with pytest.raises(UserError, match="There is no DeiT among the models"):
        look(Session(checkpoint_folders=[tmp_path]), model=PLAIN)


@pytest.fixture(scope="module")
def asked(session) -> Disagreements:
    """All test pictures asked about."""
    found = Disagreements()
    while (told := bind(found.count, session)({"model": DEIT, "go": True}))["done"] < told["total"]:
        pass
    return found


def test_counts_are_those_of_the_whole_split_in_one_go(session, asked):
    told = bind(asked.count, session)({"model": DEIT, "go": False})
    split, _ = session.test_split("shapes")
    deit, teacher = session.checkpoint(DEIT), session.checkpoint(TEACHER)
    with torch.no_grad():
        taught = teacher.model(teacher.preprocess(split.x))
        whole = answers_of(deit.model, deit.preprocess(split.x), split.y, taught)
    assert told["done"] == told["total"] == len(split.y) and told["left"] == 0
    assert told["right"] == pytest.approx(whole.right(), abs=2)  # rounding may turn a tie
    assert told["kinds"] == pytest.approx({kind: int(which.sum()) for kind, which in whole.kinds().items()}, abs=4)
    pairs = {(one["one"], one["other"]): one["count"] for one in told["agree"]}
    assert pairs["cls", "distillation"] == pytest.approx(whole.agree("cls", "distillation"), abs=2)
    assert told["kinds"]["cls right"] > 0  # these two heads do differ


def test_a_chunk_at_a_time_and_nothing_is_asked_twice(session):
    moments = iter(range(100))
    found = Disagreements(clock=lambda: float(next(moments)))
    before = bind(found.count, session)({"model": DEIT, "go": False})
    assert (before["done"], before["left"]) == (0, None) and "right" not in before
    first = bind(found.count, session)({"model": DEIT, "go": True})
    assert first["done"] == CHUNK and first["left"] == (first["total"] - CHUNK) / CHUNK  # a second a chunk
    assert bind(found.count, session)({"model": PLAIN, "go": False})["done"] == CHUNK  # another visitor, the same DeiT
    assert bind(found.count, session)({"model": DEIT, "go": True})["done"] == 2 * CHUNK


@pytest.mark.parametrize(
    ("data", "words"),
    [("cifar10", "CIFAR-10, are not on this machine"), ("my-flowers", "those of my-flowers, are not")],
)
def test_where_the_test_pictures_are_not_here_a_sentence_says_so(tmp_path, monkeypatch, data, words):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    save_deits(tmp_path, data=data)
    session = Session(data_root=tmp_path, checkpoint_folders=[tmp_path])
    told = bind(Disagreements().count, session)({"model": DEIT, "go": True})
    assert list(told) == ["missing"] and words in told["missing"]


def test_examples_are_of_their_kind(session, asked):
    kinds = bind(asked.count, session)({"model": DEIT, "go": False})["kinds"]
    for kind, holds in {
        "cls right": lambda truth, a: a["cls"] == truth != a["distillation"],
        "distillation right": lambda truth, a: a["distillation"] == truth != a["cls"],
        "teacher right": lambda truth, a: a["teacher"] == truth != a["mean"],
        "teacher wrong": lambda truth, a: a["mean"] == truth != a["teacher"],
        "same mistake": lambda truth, a: a["mean"] == a["teacher"] != truth,
    }.items():
        start = max(0, kinds[kind] - 2)
        found = bind(asked.examples, session)({"model": DEIT, "kind": kind, "start": start})
        assert found["count"] == kinds[kind] and 1 <= len(found["pictures"]) <= SHOWN
        for one in found["pictures"]:
            assert holds(one["truth"], one["answers"]) and session.picture(one["name"]).truth == one["truth"]


def test_what_has_not_been_asked_has_no_examples(session, asked):
    with pytest.raises(UserError, match="count the test pictures first"):
        bind(Disagreements().examples, session)({"model": DEIT, "kind": "cls right", "start": 0})
    with pytest.raises(UserError, match="The first example must be 0 to"):
        bind(asked.examples, session)({"model": DEIT, "kind": "cls right", "start": 99_999})
