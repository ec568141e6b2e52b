"""Scores of the cards: the areas of each model's map and of random maps, as the curves of one map alone give them."""

from __future__ import annotations

import pytest

from tests.ui.compare.test_pictures import session  # noqa: F401  # the fixture
from vit_explorer.explain.explanations import yardstick_maps
from vit_explorer.explain.faithfulness import deletion_curve, insertion_curve, usual_steps
from vit_explorer.ui.compare.picture import map_of
from vit_explorer.ui.compare.scores import N_RANDOM, leave_score, score_map, score_progress
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.watch import Watch

PICTURE = "shapes:5"


def question(model: str, target: str | None = None) -> dict:
    return {"picture": PICTURE, "model": model, "fit": "crop", "target": target}


@pytest.mark.parametrize(
    ("model", "target"), [("vit-a", None), ("vit-a", "moon"), ("swin-a", None), ("cnn-a", "cross")]
)
def test_both_areas_are_those_of_the_curves_beside_random_maps(session, model, target):  # noqa: F811
    score = bind(score_map, session, Watch())(question(model, target))
    checkpoint = session.checkpoint(model)
    mapped = map_of(session.picture(PICTURE), checkpoint, "crop", target)
    own = int(mapped.passed.target[0])
    assert target is None or checkpoint.class_names[own] == target
    steps = usual_steps(checkpoint.model)
    for name, curve in (("deletion", deletion_curve), ("insertion", insertion_curve)):
        found = curve(checkpoint.model, mapped.inputs, mapped.values[None], own, "blurred", steps).area.item()
        assert score[name]["area"] == pytest.approx(found, abs=1e-5)
        maps = yardstick_maps(checkpoint.model.grid, N_RANDOM)
        images = mapped.inputs.expand(N_RANDOM, -1, -1, -1)
        random = curve(checkpoint.model, images, maps, own, "blurred", steps).area.tolist()
        assert [score[name]["low"], score[name]["high"]] == pytest.approx([min(random), max(random)], abs=1e-5)


def test_a_score_that_is_followed_stops_when_the_page_leaves(session, monkeypatch):  # noqa: F811
    watch, page = Watch(), {"question": question("vit-a"), "page": "a"}
    assert bind(score_progress, watch)(page) == {"share": None}
    bind(leave_score, watch)(page)
    with pytest.raises(UserError, match="gone on"):
        bind(score_map, session, watch)(page["question"])
