"""Questions that wait: one answer to equal ones, queues, a place in them, and those for which nobody waits any more."""

from __future__ import annotations

import asyncio
import json
import threading
from types import SimpleNamespace

from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests import apart
from tests.files import save_small_vit
from tests.ui.core.words import Word, echo
from vit_explorer.models import load_checkpoint
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.gateway import ADDRESS, Gateway
from vit_explorer.ui.core.limits import Limits
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.serve import ServerFunction, serve, terms
from vit_explorer.ui.core.session import Session

ASKED = {"picture": "sample:cat", "model": "vit-cifar10", "fit": "crop"}


class Held:
    """A function that waits until it may go on, and counts its calls."""

    def __init__(self) -> None:
        self.calls, self.go_on = 0, threading.Event()

    def answer(self, session: Session, request: ModelRequest) -> dict:
        self.calls += 1
        assert self.go_on.wait(30)
        return {"calls": self.calls}


def test_equal_questions_under_way_are_answered_once_and_the_answer_is_kept():
    held, gateway, session = Held(), Gateway(), Session()
    (function,) = serve(session, answer=held.answer)

    async def visit() -> list[bytes]:
        asked = [asyncio.create_task(gateway.answer(function, dict(ASKED), "1.2.3.4")) for _ in range(50)]
        while held.calls == 0:
            await asyncio.sleep(0.01)
        held.go_on.set()
        return [*await asyncio.gather(*asked), await gateway.answer(function, dict(ASKED), "5.6.7.8")]

    assert set(apart.run(visit())) == {b'{"calls":1}'} and held.calls == 1
    assert gateway.kept.used == len(b'{"calls":1}')


def test_an_answer_about_ones_own_picture_is_not_kept():
    held, gateway, session = Held(), Gateway(), Session()
    held.go_on.set()
    (function,) = serve(session, answer=held.answer)
    mine = ASKED | {"picture": "upload:mine"}
    assert [apart.run(gateway.answer(function, mine, "")) for _ in range(2)] == [b'{"calls":1}', b'{"calls":2}']
    assert gateway.kept.used == 0


def test_an_error_is_not_kept():
    gateway = Gateway()

    def fail(session: Session, request: ModelRequest) -> dict:
        raise UserError("Not now.")

    (function,) = serve(Session(), fail=fail)
    assert apart.run(gateway.answer(function, ASKED, "")) == b'{"error":"Not now."}' and gateway.kept.used == 0


def test_what_takes_long_waits_in_its_own_queue_and_too_many_are_refused():
    go_on = threading.Event()

    @terms(long=True)
    def slow(request: Word) -> dict:
        assert go_on.wait(30)
        return {"word": request.word}

    gateway = Gateway(Limits(long_waiting=2))
    long, short = serve(slow=slow, echo=echo)

    async def visit() -> list[dict]:
        waiting = [asyncio.create_task(gateway.answer(long, {"word": str(i)}, "")) for i in range(40)]
        await asyncio.sleep(0.1)
        quick = await gateway.answer(short, {"word": "quick"}, "")  # while all of them wait
        go_on.set()
        return [json.loads(one) for one in (quick, *await asyncio.gather(*waiting))]

    quick, *others = apart.run(visit())
    assert quick == {"word": "quick"}
    refused = [one for one in others if "Too many others" in one.get("error", "")]
    assert len(refused) == 38


def test_a_request_that_waits_knows_its_place(monkeypatch):
    monkeypatch.setattr("vit_explorer.ui.core.gateway.LONG_AT_ONCE", 2)
    turns = {str(number): threading.Event() for number in range(5)}

    @terms(long=True)
    def slow(request: Word) -> dict:
        assert turns[request.word].wait(30)
        return {"word": request.word}

    gateway = Gateway()
    (long,) = serve(slow=slow)

    async def visit() -> None:
        waiting = {word: asyncio.create_task(gateway.answer(long, {"word": word}, "", f"of {word}")) for word in turns}
        while gateway.place("of 4") is None:
            await asyncio.sleep(0.01)
        assert [gateway.place(f"of {word}") for word in turns] == [0, 0, 1, 2, 3]
        assert gateway.place("of somebody else") is None and gateway.place(None) is None
        turns["1"].set()  # not the first one
        await waiting["1"]
        assert [gateway.place(f"of {word}") for word in turns] == [0, None, 0, 1, 2]
        for turn in turns.values():
            turn.set()
        await asyncio.gather(*waiting.values())
        assert gateway._tickets == {} and gateway._queues.line == []

    apart.run(visit())


def looking(go_on: threading.Event, done: list[str]):
    """A server function that takes until ``go_on`` is set, and then notes which picture it was asked for."""

    @terms(long=True)
    def look(session: Session, request: ModelRequest) -> dict:
        assert go_on.wait(30)
        done.append(request.picture)
        return {}

    return look


def test_a_question_that_nobody_waits_for_any_more_is_dropped_before_its_turn_and_a_command_is_not(monkeypatch):
    monkeypatch.setattr("vit_explorer.ui.core.gateway.LONG_AT_ONCE", 1)
    go_on, done = threading.Event(), list[str]()

    @terms(long=True)
    def act(request: Word) -> dict:
        assert go_on.wait(30)
        done.append(request.word)
        return {}

    gateway, session = Gateway(), Session()
    (question,), (command,) = serve(session, look=looking(go_on, done)), serve(act=act)

    async def visit() -> None:
        async def ask(picture: str) -> bytes:
            return await gateway.answer(question, ASKED | {"picture": picture}, "", picture)

        begun = asyncio.create_task(ask("sample:cat"))
        while gateway.place("sample:cat") is None:
            await asyncio.sleep(0.01)
        left, stays, one, other = (asyncio.create_task(ask(f"shapes:{n}")) for n in (1, 2, 3, 3))
        told = asyncio.create_task(gateway.answer(command, {"word": "stop"}, "", "stop"))
        while gateway.place("stop") is None or gateway.place("shapes:3") is None:
            await asyncio.sleep(0.01)
        for gone in (begun, left, one, told):
            gone.cancel()
        await asyncio.gather(begun, left, one, told, return_exceptions=True)
        while len(gateway._queues.line) > 4:
            await asyncio.sleep(0.01)
        assert gateway.place("shapes:1") is None and gateway.place("shapes:2") is not None
        again = asyncio.create_task(ask("shapes:1"))  # it comes back and is answered anew
        await asyncio.sleep(0.05)
        go_on.set()
        assert [await stays, await other, await again] == [b"{}"] * 3
        while len(done) < 5:
            await asyncio.sleep(0.01)

    apart.run(visit())
    assert sorted(done) == ["sample:cat", "shapes:1", "shapes:2", "shapes:3", "stop"]
    assert done[-1] == "shapes:1"
    assert gateway._under_way == {} and gateway._tickets == {}


def app_of(gateway: Gateway, functions: list[ServerFunction]) -> Starlette:
    """A page of one component, number 1, with these functions."""
    app = Starlette(routes=gateway.routes)
    app.get_blocks = lambda: SimpleNamespace(blocks={1: SimpleNamespace(server_fns=functions)})
    return app


def stamp_of(client: TestClient, model: str) -> str | None:
    """The stamp that comes with the answer about a model."""
    asked = {"data": ASKED | {"model": model}, "fn_name": "look", "component_id": 1}
    return client.post(ADDRESS, json=asked).headers.get("VX-Weights")


def test_an_answer_says_by_which_weights_it_was_made():
    def look(session: Session, request: ModelRequest) -> dict:
        return {"classes": session.checkpoint(request.model).class_names}

    session = Session()
    with TestClient(app_of(Gateway(), serve(session, look=look))) as client:
        stamps = {model: stamp_of(client, model) for model in ("vit-cifar10", "cnn-cifar10", "nobody")}
    assert stamps["nobody"] is None and len(set(stamps.values())) == 3
    assert stamps["vit-cifar10"] == session.checkpoint("vit-cifar10").stamp


def test_an_answer_during_which_weights_are_replaced_names_none(tmp_path):
    def save() -> str:
        save_small_vit(tmp_path, "one")
        return load_checkpoint("one", [tmp_path]).stamp

    found, replacing = [save()], [False, True]

    def look(session: Session, request: ModelRequest) -> dict:
        session.checkpoint(request.model)
        if replacing and replacing.pop(0):
            found.append(save())  # the answer is of the weights before
        return {}

    session = Session(checkpoint_folders=[tmp_path])
    with TestClient(app_of(Gateway(), serve(session, look=terms(anew=True)(look)))) as client:
        assert [stamp_of(client, "one") for _ in range(3)] == [found[0], None, found[-1]]
        assert len(found) == 2 and found[0] != found[1]
        found.append(save())
        assert stamp_of(client, "one") == found[2]  # the answer that reads them first is one of theirs


def test_a_page_that_closes_its_connection_waits_no_longer(monkeypatch):
    monkeypatch.setattr("vit_explorer.ui.core.gateway.LONG_AT_ONCE", 1)
    go_on, done = threading.Event(), list[str]()

    gateway = Gateway()
    app = app_of(gateway, serve(Session(), look=looking(go_on, done)))

    async def visit() -> None:
        def ask(picture: str) -> tuple[asyncio.Task, asyncio.Queue, list[dict]]:
            body = {"data": ASKED | {"picture": picture}, "fn_name": "look", "component_id": 1, "ticket": picture}
            coming, sent = asyncio.Queue(), list[dict]()
            coming.put_nowait({"type": "http.request", "body": json.dumps(body).encode()})

            async def send(message: dict) -> None:
                sent.append(message)

            scope = {"type": "http", "method": "POST", "path": ADDRESS, "headers": [], "query_string": b""}
            return asyncio.create_task(app(scope, coming.get, send)), coming, sent

        first, second, third = (ask(f"shapes:{n}") for n in (1, 2, 3))
        while any(gateway.place(f"shapes:{n}") is None for n in (1, 2, 3)):
            await asyncio.sleep(0.01)
        waits = next(n for n in (2, 3) if gateway.place(f"shapes:{n}"))
        call, coming, _ = {2: second, 3: third}[waits]
        coming.put_nowait({"type": "http.disconnect"})
        await call
        while len(gateway._queues.line) == 3:
            await asyncio.sleep(0.01)
        go_on.set()
        stays = [one for one in (first, second, third) if one[0] is not call]
        await asyncio.gather(*(task for task, _, _ in stays))
        assert [sent[1]["body"] for _, _, sent in stays] == [b"{}"] * 2
        assert sorted(done) == [f"shapes:{n}" for n in (1, 2, 3) if n != waits]

    apart.run(visit())
