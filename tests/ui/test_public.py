"""A page for strangers: what it does not offer is refused, and the page is told, so that it shows no button for it."""

from __future__ import annotations

import json

import pytest

from tests import apart
from tests.training.small import RECIPE
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.service.limits import PUBLIC_RACES
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app
from vit_explorer.ui.core.brought import PUBLIC_BRING
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.gateway import Gateway
from vit_explorer.ui.core.limits import PUBLIC
from vit_explorer.ui.core.session import Session

MINE, YOURS = "my secret", "your secret"
RACES = {"mine": owner_of(MINE), "yours": owner_of(YOURS), "terminal": None}


class Visit:
    """A page, public or not, with three races: of this visitor, of another, and of a terminal."""

    def __init__(self, root, public: bool) -> None:
        session = Session(
            root / "nowhere",
            offline=public,
            pretrained=True,
            allow_weights=not public,
            brought=root / "brought",
            **({"bring_limits": PUBLIC_BRING} if public else {}),
        )
        service = TrainingService(root, **({"limits": PUBLIC_RACES} if public else {}))
        self.races = {
            title: Race.create(root, {"ViT": RECIPE}, title=title, owner=owner).name for title, owner in RACES.items()
        }
        page = build_app(session, service)
        self.gateway = Gateway(PUBLIC if public else None)
        found = [function for block in page.blocks.values() for function in getattr(block, "server_fns", ())]
        self.functions = {function.__name__: function for function in found}

    def ask(self, function: str, **request) -> dict:
        return json.loads(apart.run(self.gateway.answer(self.functions[function], request, "1.2.3.4")))


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> Visit:
    return Visit(tmp_path_factory.mktemp("public"), public=True)


@pytest.fixture(scope="module")
def private(tmp_path_factory) -> Visit:
    return Visit(tmp_path_factory.mktemp("private"), public=False)


def refused(visit: Visit) -> set[str]:
    return {name for name, function in visit.functions.items() if not function.terms.public}


def test_what_is_refused_is_known(public, private):
    """Whoever adds a function that strangers may not call says below how the page knows that it shows no button."""
    weights = {"begin_weights", "receive_weights", "open_weights"}
    assert refused(public) == {"keep", "get", "download"}
    assert refused(private) == {"keep", "get", "download"} | weights
    for name in refused(public):
        with pytest.raises(UserError, match="public page does not offer"):
            public.gateway.ledger.admit("1.2.3.4", public.functions[name].terms)


def test_downloads_are_not_offered(public, private):
    assert public.ask("catalogue")["downloads"] is False and private.ask("catalogue")["downloads"] is True
    assert public.ask("offers", ids={})["offered"] == []
    assert len(private.ask("offers", ids={})["offered"]) > 5


@pytest.mark.parametrize(("title", "here"), [("mine", True), ("yours", False), ("terminal", True)])
def test_models_are_kept_by_the_owner_of_a_race_and_never_by_strangers(public, private, title, here):
    theirs, ours = (visit.ask("follow", owner=MINE, race=visit.races[title], cursors={}) for visit in (public, private))
    assert ours["keeps"] is here
    assert "error" in theirs if title == "terminal" else theirs["keeps"] is False


def test_a_page_that_keeps_no_models_says_so(public, private):
    assert [visit.ask("lobby", owner=MINE)["keeps"] for visit in (public, private)] == [False, True]


def test_strangers_see_their_own_races_alone(public, private):
    shelves = [{race["title"] for race in visit.ask("lobby", owner=MINE)["races"]} for visit in (public, private)]
    assert shelves == [{"mine"}, {"mine", "yours", "terminal"}]


def test_own_data_are_limited(public, private):
    told = [visit.ask("own", owner=MINE) for visit in (public, private)]
    assert [(one["megabytes"], one["files"], one["each"], one["hours"]) for one in told] == [
        (64, 5000, 1, 6),
        (512, 20_000, 3, 24),
    ]
    refusals = [public.ask("bring", owner=f"secret {n}", name="a.zip", size=9).get("error") for n in range(7)]
    assert refusals[:6] == [None] * 6 and "6 sets of pictures an hour" in refusals[6]  # by address, not by secret
