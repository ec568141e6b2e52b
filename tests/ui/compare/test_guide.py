"""The guide: every way leads to an answer whose reasons all name where they come from."""

from dataclasses import replace

import pytest

from vit_explorer.models.published import PUBLISHED
from vit_explorer.models.zoo import MODELS
from vit_explorer.ui.compare.evidence import MEASURED, Evidence
from vit_explorer.ui.compare.guide import (
    ADVICE,
    CHOICES,
    QUESTIONS,
    AdviceRequest,
    advise,
    give_advice,
    list_questions,
    ways,
)
from vit_explorer.ui.compare.papers import PAPERS, PUBLISHED_LINES
from vit_explorer.ui.compare.published import mixing_example
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.session import Session


def row(kind, accuracy, data="cifar10", name=None, **values):
    return {
        "name": name or f"{kind}-{data}", "title": MODELS[kind].title, "architecture": kind, "trained": True,
        "data": data, "n_train": 47_500, "test_accuracy": accuracy, "parameters": 500_000, "multiply_adds": 50_000_000,
        "doubled": 4.5, "side": 32, **values,
    }  # fmt: skip


ROWS = [row(kind, 0.8 + k / 100) for k, kind in enumerate(MODELS)]
FIELD = ("cnn", "vit", "vit-conv", "hybrid", "deit")


def hunger(best):
    """A sweep in which one kind leads by ten points at every size."""
    return {
        "points": [
            {"model": kind, "size": size, "test_accuracy": 0.5 + 0.1 * (kind == best)}
            for kind in FIELD
            for size in (500, 5_000, 10_000, 50_000)
        ]
    }


LADDER = {"points": [{"rung": "plain", "test_accuracy": 0.5}, {"rung": "distillation", "test_accuracy": 0.61}]}
FULL = Evidence(ROWS, hunger("cnn"), LADDER)


def test_there_are_eighteen_ways_and_each_has_its_advice():
    assert len(ways()) == 18 and set(ways()) == set(ADVICE)


@pytest.mark.parametrize("way", ways())
@pytest.mark.parametrize("evidence", [FULL, Evidence([])], ids=["all measured", "nothing measured"])
def test_every_answer_stands_on_reasons_with_sources(way, evidence):
    answer = advise(way, evidence)
    assert answer.advice != answer.instead and answer.change.endswith(".")
    assert len(answer.reasons) >= (4 if evidence is FULL else 2)
    assert len({reason.text for reason in answer.reasons}) == len(answer.reasons)
    for reason in answer.reasons:
        assert reason.text.endswith(".") and reason.source and reason.kind in ("here", "published", "paper")
    assert {reason.kind for reason in answer.reasons} >= (
        {"here"} if "here" in _kinds(way) and evidence is FULL else set()
    )


def _kinds(way):
    return {"here" for name in ADVICE[way][3] if name in MEASURED}


def test_every_reason_that_is_named_exists_and_every_one_there_is_used():
    named = {name for *_, names in ADVICE.values() for name in names}
    assert named == set(PAPERS) | set(PUBLISHED_LINES) | set(MEASURED)
    assert {choice for advice, instead, *_ in ADVICE.values() for choice in (advice, instead)} == set(CHOICES)


def test_the_answers_differ_where_it_matters():
    advice = {way: ADVICE[way][0] for way in ways()}
    for data in ("small", "medium", "large"):
        for where in ("phone", "gpu", "server"):
            assert advice[data, "no", where] != advice[data, "yes", where]
    assert all(advice[way].startswith("cnn") for way in ways() if way[0] == "small")
    assert all("swin" in advice[way] for way in ways() if way[0] != "small" and way[1] == "yes" and way[2] != "phone")
    assert not any(advice[way] in ("vit-tuned", "swin-tuned", "deit") for way in ways() if way[2] == "phone")
    assert len(set(advice.values())) >= 8


def test_a_sweep_that_disagrees_is_said_to():
    found = [reason for reason in advise(("medium", "no", "gpu"), FULL).reasons if "sweep" in reason.source]
    assert found[0].text.startswith("Here another was ahead: at 10,000 pictures Hybrid of CNN and ViT 50.0 %")
    assert "the best other, CNN, 60.0 %" in found[0].text
    agreeing = advise(("medium", "no", "gpu"), replace(FULL, hunger=hunger("hybrid")))
    assert any(reason.text.startswith("Found here: at 10,000 pictures") for reason in agreeing.reasons)


def test_the_sweep_is_read_at_the_sizes_of_the_question():
    small = next(r for r in advise(("small", "no", "gpu"), FULL).reasons if "sweep" in r.source)
    assert "at 500 pictures" in small.text and "at 5,000 pictures" in small.text and "10,000" not in small.text


def test_the_models_of_this_app_speak_with_their_own_numbers():
    rows = [row("hybrid", 0.901), row("cnn", 0.943, multiply_adds=131_000_000)]
    reasons = advise(("medium", "no", "gpu"), Evidence(rows)).reasons
    here = next(reason for reason in reasons if reason.kind == "here")
    assert "behind the alternative" in here.text and "90.1 % for 50 M" in here.text and "94.3 % for 131 M" in here.text
    assert "hybrid-cifar10 (cifar10, 47,500 training pictures)" in here.source
    level = [row("hybrid", 0.9431), row("cnn", 0.943)]
    assert any("level with" in r.text for r in advise(("medium", "no", "gpu"), Evidence(level)).reasons)


def test_accuracies_on_other_data_are_not_compared():
    rows = [row("hybrid", 0.9), row("cnn", 0.99, data="shapes")]
    assert not any("alternative" in r.text for r in advise(("medium", "no", "gpu"), Evidence(rows)).reasons)


def test_the_models_to_look_at_are_those_of_the_advice():
    assert advise(("large", "yes", "gpu"), FULL).models == ("swin-cifar10",)
    assert advise(("large", "yes", "gpu"), Evidence([])).models == ()


def test_published_lines_are_quoted_as_they_stand():
    (reason,) = [r for r in advise(("large", "no", "phone"), FULL).reasons if r.kind == "published"]
    lean = next(line for line in PUBLISHED if line.name == "EfficientNet-B4")
    assert f"{100 * lean.top1:.1f} % at {lean.resolution} px" in reason.text and lean.weights in reason.source


def test_mixing_is_shown_on_the_lines_themselves():
    said = mixing_example()
    for number in (
        "81.1 % at 224 px without",
        "85.3 % at 384 px",
        "4.2 points between",
        "1.7 points ahead",
        "2.5 points behind",
    ):
        assert number in said
    with pytest.raises(ValueError, match="no line of ViT-B/16 with pre-training"):
        mixing_example([line for line in PUBLISHED if line.pretraining == "none"])


def test_what_travels(tmp_path):
    payload = list_questions()
    assert [len(question["options"]) for question in payload["questions"]] == [3, 2, 3]
    assert [question["key"] for question in payload["questions"]] == [question.key for question in QUESTIONS]
    session = Session(checkpoint_folders=[tmp_path])
    answer = give_advice(session, AdviceRequest("small", "no", "phone"))
    assert answer["advice"] == "A small CNN" and answer["reasons"][0]["kind"] == "paper"
    with pytest.raises(UserError):
        give_advice(session, AdviceRequest("none", "no", "phone"))
