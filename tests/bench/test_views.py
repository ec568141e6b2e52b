"""Which views are measured with a network, where the pointer moves in them, and how long another image may take."""

from __future__ import annotations

import pytest

from vit_explorer.bench import __main__ as bench
from vit_explorer.bench.latency import measure_picture, measure_point, picture_budget
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.bench.page import IMAGE
from vit_explorer.bench.views import IN_A_VIEW, PICTURED, POINTED, pointed_at, views_of
from vit_explorer.models import create_model

SMALL = {"d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 16}
OF_A_PREDICTION = {"Attention / Explain", "Attention / Test it", "Recipe / Ingredients", "Classify"}


def test_a_vit_has_all_views_but_those_of_windows_and_is_pointed_at_by_its_own_grid():
    network = create_model("vit", img_size=224, patch_size=14, **SMALL)
    assert set(PICTURED) - set(views_of(network, PICTURED)) == {one for one in PICTURED if one.startswith("Windows")}
    areas = dict(pointed_at(network))
    assert list(areas) == views_of(network, POINTED) and "Home" in areas
    assert {(area.selector, area.rows, area.columns) for area in areas.values()} == {(IMAGE.selector, 16, 16)}


def test_a_network_without_a_head_or_positions_has_no_view_of_them():
    network = create_model("vit", n_classes=0, positions="none", **SMALL)
    whole = create_model("vit", **SMALL)
    left_out = set(views_of(whole, PICTURED)) - set(views_of(network, PICTURED))
    assert left_out == {*OF_A_PREDICTION, "Positions", "Compare / One picture"}


def test_a_swin_is_pointed_at_inside_of_its_views():
    network = create_model("swin")
    left_out = set(PICTURED) - set(views_of(network, PICTURED))
    assert left_out == {
        "Positions",
        *(f"Attention / {name}" for name in ("Heads", "Inside a head", "Rollout", "Layers")),
    }
    areas = dict(pointed_at(network))
    assert set(areas) == set(views_of(network, POINTED)) - {"Home", "Patches"}
    assert {(area.selector, area.rows, area.columns) for area in areas.values()} == {(IN_A_VIEW, *network.grid)}


def test_a_larger_image_may_take_longer_and_a_large_network_its_pass_besides():
    small, large = create_model("vit", **SMALL), create_model("vit", img_size=224, patch_size=16, **SMALL)
    assert picture_budget(small, 5) == 300
    assert picture_budget(large, 17) == 600
    assert picture_budget(large, 212) == 712


@pytest.mark.parametrize("measure", [measure_point, measure_picture])
def test_a_model_that_is_not_here_is_not_measured(measure):
    with pytest.raises(NotMeasured, match="no-such-network"):
        measure(models=["no-such-network"])


def test_the_command_names_the_networks(monkeypatch):
    asked = []
    measures = {name: lambda _, models, name=name: asked.append((name, models)) or {} for name in ("point", "picture")}
    monkeypatch.setattr(bench, "MEASURES", measures)
    assert bench.main(["point", "picture", "--model", "deit-tiny", "mine.pth"]) == 0
    assert bench.main(["point"]) == 0
    assert asked == [("point", ["deit-tiny", "mine.pth"]), ("picture", ["deit-tiny", "mine.pth"]), ("point", ())]
