"""Views of the page whose speed is measured, which of them a network has, and where it is pointed at in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vit_explorer.bench.page import IMAGE, TOKEN, Area
from vit_explorer.models.network import Network

POINTED = (  # tabs, and views inside of a tab
    "Home",
    "Patches",
    "Positions",
    "Attention / Heads",
    "Attention / Inside a head",
    "Attention / Rollout",
    "Features / Maps",
    "Features / Two networks",
    "Windows / Step by step",
    "Windows / Masks",
    "Windows / Hierarchy",
    "Compare / One picture",
)
PICTURED = (
    *POINTED, "Attention / Explain", "Attention / Test it", "Attention / Layers", "Recipe / Ingredients", "Classify",
)  # fmt: skip
AMONG_ALL = {"Attention / Heads", "Attention / Inside a head", "Attention / Rollout", "Attention / Layers"}
OF_A_PREDICTION = {
    "Attention / Explain", "Attention / Test it", "Recipe / Ingredients", "Classify", "Compare / One picture",
}  # fmt: skip
OF_TOKENS = {"Home", "Patches"}  # they mark tokens of networks that have the same ones from end to end
IN_A_VIEW = "#stage canvas[tabindex='0']:visible >> nth=0"  # the first one that takes the pointer


def views_of(network: Network, views: Iterable[str]) -> list[str]:
    """Those of the views that have something of this network to show."""
    kind = network.attention_kind
    absent = {"Positions": network.position_table is None, "Windows": kind != "windows"}
    return [
        view
        for view in views
        if not absent.get(view.split(" / ")[0])
        and not (view in AMONG_ALL and kind != "global")
        and not (view in OF_A_PREDICTION and not network.n_classes)
    ]


def pointed_at(network: Network) -> list[tuple[str, Area]]:
    """The views that follow the pointer, and where it moves: over the image, or in the view, by the network's grid."""
    rows, columns = network.grid
    if network.attention_kind == "global":
        return [(view, replace(IMAGE, rows=rows, columns=columns)) for view in views_of(network, POINTED)]
    own = Area(IN_A_VIEW, rows, columns, TOKEN)  # the image beside the tabs has no tokens of such a network
    return [(view, own) for view in views_of(network, POINTED) if view not in OF_TOKENS]
