"""Networks that are offered in the rail: downloaded in the background, stopped, gone on with, and then shown."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import timm
import torch

from tests.models.pretrained.server import Behaviour, offering
from vit_explorer.models.pretrained import download, pretrained_models
from vit_explorer.models.pretrained.load import weights_path
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.frame.fetching import Fetches
from vit_explorer.ui.frame.frame import list_catalogue, start_download
from vit_explorer.ui.frame.get import list_offers, start_fetch, stop_fetch

PATIENCE = 60.0  # seconds
FUNCTIONS = {"offers": list_offers, "get": start_fetch, "stop_get": stop_fetch}


@pytest.fixture(scope="module")
def content() -> bytes:
    """A DeiT-Tiny of one block."""
    buffer = io.BytesIO()
    torch.save({"model": timm.create_model("deit_tiny_patch16_224", depth=1).state_dict()}, buffer)
    return buffer.getvalue()


@pytest.fixture
def server(content, tmp_path, monkeypatch) -> Iterator[Behaviour]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(download, "PAUSE", 0.0)
    with offering(content) as behaviour:
        yield behaviour


class Visitor:
    """A page that keeps the ids of its downloads."""

    def __init__(self, session: Session, fetches: Fetches) -> None:
        self._context = session, fetches
        self.ids: dict[str, str] = {}

    def ask(self, function: str, **request: str) -> dict:
        answer = bind(FUNCTIONS[function], *self._context)({"ids": self.ids, **request})
        if answer.get("id"):
            self.ids[request["name"]] = answer["id"]
        return dict(answer)

    def until(self, condition: Callable[[dict], bool]) -> dict:
        """The first answer that meets a condition."""
        end = time.monotonic() + PATIENCE
        while not condition(answer := self.ask("offers")):
            assert time.monotonic() < end, answer
            time.sleep(0.01)
        return answer


@pytest.fixture
def session(server, tmp_path) -> Session:
    return Session(checkpoint_folders=[tmp_path / "none"], pretrained=True)


@pytest.fixture
def visit(session) -> Callable[[], Visitor]:
    fetches = Fetches(session.networks)
    return lambda: Visitor(session, fetches)


def names(answer: dict) -> list[str]:
    return [one["name"] for one in answer["offered"]]


def over(answer: dict) -> bool:
    return not answer["running"]


def test_all_that_is_not_here_is_offered_and_the_smallest_advised(visit):
    answer = visit().ask("offers")
    assert names(answer) == [entry.name for entry in pretrained_models()]
    assert answer["advice"] == "deit-tiny" and answer["running"] == [] and answer["faults"] == {}
    assert answer["offered"][0]["megabytes"] == 22.9 and answer["offered"][0]["n_classes"] == 1000


def test_a_network_that_was_got_is_in_the_menus_and_shown_first(visit, session):
    visitor = visit()
    assert visitor.ask("get", name="deit-tiny")["id"]
    answer = visitor.until(over)
    assert "deit-tiny" not in names(answer) and answer["advice"] is None and answer["faults"] == {}
    catalogue = list_catalogue(session)
    assert [model["name"] for model in catalogue["models"]] == ["deit-tiny"] and catalogue["pretrained"] == []
    assert catalogue["first"] == {"model": "deit-tiny", "picture": "sample:cheetah"}


def test_progress_is_seen_by_all_and_stopped_by_the_one_who_began(visit, server, content):
    server.hold_after = len(content) // 2
    mine, other = visit(), visit()
    mine.ask("get", name="deit-tiny")
    seen = mine.until(lambda answer: bool(answer["running"]) and answer["running"][0]["total"] is not None)["running"][
        0
    ]
    assert seen["mine"] and 0 < seen["received"] < seen["total"] == len(content)
    assert not other.ask("offers")["running"][0]["mine"]
    assert other.ask("get", name="deit-tiny")["id"] is None
    with pytest.raises(ValueError, match="another visitor"):
        other.ask("stop_get", name="deit-tiny")
    mine.ask("stop_get", name="deit-tiny")
    server.go_on.set()
    stopped = mine.until(over)
    assert stopped["faults"] == {}
    received = stopped["offered"][0]["received"]
    assert stopped["offered"][0]["name"] == "deit-tiny" and 0 < received < len(content)

    server.hold_after = None
    other.ask("get", name="deit-tiny")
    assert "deit-tiny" not in names(other.until(over))
    assert server.asked[-1][0] == f"bytes={received}-"


@pytest.mark.parametrize(("status", "words"), [(404, "is gone"), (503, "try again later")])
def test_a_fault_is_a_sentence_for_who_asked_until_the_next_start(visit, server, status, words):
    visitor, server.status = visit(), status
    visitor.ask("get", name="deit-tiny")
    answer = visitor.until(over)
    assert words in answer["faults"]["deit-tiny"] and names(answer)[0] == "deit-tiny"
    assert answer["faults"]["deit-tiny"].startswith("DeiT-Tiny could not be downloaded. ")
    assert visit().ask("offers")["faults"] == {}  # who pressed nothing
    server.status = 200
    visitor.ask("get", name="deit-tiny")
    assert visitor.until(over)["faults"] == {}


def test_a_file_that_is_no_such_network_is_a_sentence(visit, server):
    server.content = b"no weights"
    visitor = visit()
    visitor.ask("get", name="deit-tiny")
    assert "SHA-256" in visitor.until(over)["faults"]["deit-tiny"]


def test_a_server_that_is_offline_offers_nothing(server, tmp_path):
    session = Session(checkpoint_folders=[tmp_path], pretrained=True, offline=True)
    visitor = Visitor(session, Fetches(session.networks))
    answer = visitor.ask("offers")
    assert answer["offered"] == [] and answer["advice"] is None
    assert list_catalogue(session)["downloads"] is False
    for refused in (lambda: visitor.ask("get", name="deit-tiny"), lambda: start_download(session)):
        with pytest.raises(ValueError, match="downloads nothing"):
            refused()
    assert server.asked == []


def test_a_network_on_this_machine_is_shown_first_before_and_after_it_was_opened(session, content):
    path: Path = weights_path(pretrained_models()[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    first = {"model": "deit-tiny", "picture": "sample:cheetah"}
    assert list_catalogue(session)["first"] == first
    session.checkpoint("deit-tiny")
    assert list_catalogue(session)["first"] == first


def test_without_one_the_first_picture_is_of_a_class_that_the_shipped_model_knows(server):
    assert list_catalogue(Session(pretrained=True))["first"] == {"model": "vit-cifar10", "picture": "sample:cat"}
