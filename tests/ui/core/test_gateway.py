"""The way of a question over HTTP: what cannot be read, limits, one answer to equal questions, and queues."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.routes import App
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests import apart
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.gateway import ADDRESS, Gateway
from vit_explorer.ui.core.limits import MINUTE, PUBLIC, Ledger, Limits, Rate, visitor_key
from vit_explorer.ui.core.paths import HiddenPaths
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.serve import Terms, serve, terms
from vit_explorer.ui.core.session import Session

ASKED = {"picture": "sample:cat", "model": "vit-cifar10", "fit": "crop"}


@dataclass(frozen=True)
class Word:
    word: str


def echo(request: Word) -> dict:
    return {"word": request.word}


@terms(counted="uploads")
def send(request: Word) -> dict:
    return {"word": request.word}


@terms(public=False)
def private(request: Word) -> dict:
    return {"word": request.word}


def broken(request: Word) -> dict:
    return {"cannot be sent": {1, 2}}


@pytest.fixture
def client():
    """A page with one component, number 1, behind a gateway with small limits."""
    limits = Limits(request_bytes=1000, rates={"uploads": Rate(2, MINUTE)}, public=True)
    gateway = Gateway(limits)
    with gr.Blocks() as page:
        gr.HTML(server_functions=serve(echo=echo, send=send, private=private, broken=broken))
    app = App.create_app(page, app_kwargs={"routes": gateway.routes, "middleware": gateway.middleware})
    with TestClient(app) as client:
        yield client


def ask(client: TestClient, name: str, word: object = "hello", component: object = 1):
    body = {"data": {"word": word}, "fn_name": name, "component_id": component, "session_hash": "x"}
    return client.post(f"{ADDRESS}/", json=body)


def number_of(client: TestClient) -> int:
    components = client.get("/config").json()["components"]
    return next(one["id"] for one in components if one["type"] == "html")


def test_a_function_is_asked_where_gradio_would_answer(client):
    answer = ask(client, "echo", component=number_of(client))
    assert answer.status_code == 200 and answer.json() == {"word": "hello"}
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b'{"data": 1}', 400), (b"\xff\xfe", 400),
        (b'{"data": NaN, "fn_name": "echo", "component_id": 1}', 400), (b"[" * 900, 400),
        (b'{"data": 1, "fn_name": "echo", "component_id": 999}', 404),
        (b'{"data": 1, "fn_name": "__class__", "component_id": 1}', 404),
        (b'{"data": 1, "fn_name": ["echo"], "component_id": {}}', 404),
        (b'{"data": 1, "fn_name": "echo", "component_id": 1e9}', 404),
        (b"x" * 1001, 413),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_sentence(client, body, status):
    answer = client.post(ADDRESS, content=body)
    assert answer.status_code == status and answer.json()["error"].endswith(".")


@pytest.mark.parametrize(("path", "status"), [(ADDRESS, 413), ("/gradio_api/queue/join", 400)])
def test_a_request_of_unstated_length_is_cut_off(client, path, status):
    parts = (b"x" * 100 for _ in range(20))
    answer = client.post(path, content=parts, headers={"content-type": "application/json"})
    assert answer.status_code == status


def test_a_request_that_states_too_much_is_refused_on_every_way(client):
    for path in (ADDRESS, "/gradio_api/queue/join", "/gradio_api/upload"):
        answer = client.post(path, content=b"x" * 1001)
        assert answer.status_code == 413 and "allowed" in answer.json()["error"], path


def test_an_answer_that_cannot_be_sent_is_a_sentence(client, caplog):
    answer = ask(client, "broken", component=number_of(client))
    assert answer.status_code == 200 and "fault of its own" in answer.json()["error"]
    assert "Traceback" in caplog.text


def test_limits_hold_over_http_and_name_themselves(client):
    number = number_of(client)
    assert [set(ask(client, "send", component=number).json()) for _ in range(3)] == [{"word"}, {"word"}, {"error"}]
    assert "2 pictures a minute" in ask(client, "send", component=number).json()["error"]
    assert "public" in ask(client, "private", component=number).json()["error"]
    assert ask(client, "echo", component=number).json() == {"word": "hello"}


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


def test_an_answer_says_by_which_weights_it_was_made():
    def look(session: Session, request: ModelRequest) -> dict:
        return {"classes": session.checkpoint(request.model).class_names}

    session, gateway = Session(), Gateway()
    functions = serve(session, look=look)
    app = Starlette(routes=gateway.routes)
    app.get_blocks = lambda: SimpleNamespace(blocks={1: SimpleNamespace(server_fns=functions)})
    with TestClient(app) as client:
        answers = {
            model: client.post(ADDRESS, json={"data": ASKED | {"model": model}, "fn_name": "look", "component_id": 1})
            for model in ("vit-cifar10", "cnn-cifar10", "nobody")
        }
    stamps = {model: answer.headers.get("VX-Weights") for model, answer in answers.items()}
    assert stamps["nobody"] is None and len(set(stamps.values())) == 3
    assert stamps["vit-cifar10"] == session.checkpoint("vit-cifar10").stamp


def test_a_page_that_closes_its_connection_waits_no_longer(monkeypatch):
    monkeypatch.setattr("vit_explorer.ui.core.gateway.LONG_AT_ONCE", 1)
    go_on, done = threading.Event(), list[str]()

    gateway = Gateway()
    functions = serve(Session(), look=looking(go_on, done))
    app = Starlette(routes=gateway.routes)
    app.get_blocks = lambda: SimpleNamespace(blocks={1: SimpleNamespace(server_fns=functions)})

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


@pytest.mark.parametrize("asked", [b'{"ticket": "nobody\'s"}', b'{"ticket": []}', b"[1]", b"{}", b'"x"'])
def test_the_place_of_what_does_not_wait_is_none(client, asked):
    answer = client.post(f"{ADDRESS}/place", content=asked)
    assert (answer.status_code, answer.json()) == (200, {"before": None})


def test_a_place_that_cannot_be_read_is_a_sentence(client):
    answer = client.post(f"{ADDRESS}/place", content=b"{")
    assert answer.status_code == 400 and answer.json()["error"].endswith(".")


def test_rates_hold_for_each_visitor_and_for_all():
    now = [0.0]
    limits = Limits(rates={"uploads": Rate(2, 60)}, in_all={"uploads": Rate(5, 60)})
    ledger, upload = Ledger(limits, lambda: now[0]), Terms(counted="uploads")
    for visitor in ("a", "a", "b", "b", "c"):
        ledger.admit(visitor, upload)
    for visitor, words in (("a", "2 pictures a minute"), ("d", "5 pictures a minute")):
        with pytest.raises(UserError, match=words):
            ledger.admit(visitor, upload)
    now[0] = 61
    ledger.admit("a", upload)
    ledger.admit("a", Terms())


def test_a_visitor_is_an_address_or_half_an_ipv6_address():
    assert visitor_key("2001:db8::1") == visitor_key("2001:db8::ffff:1") != visitor_key("2001:db8:0:1::1")
    assert visitor_key("::ffff:1.2.3.4") == "1.2.3.4" == visitor_key("1.2.3.4") and visitor_key("") == ""


def test_a_public_page_limits_all_that_is_counted():
    assert PUBLIC.public and {"uploads", "data", "measurements", "races"} == set(PUBLIC.rates) == set(PUBLIC.in_all)


def test_folders_of_the_server_are_left_out_of_texts():
    hidden = HiddenPaths([Path("/srv/data/pets"), Path("/srv/data")])
    assert hidden.leave_out("/srv/data/pets/a.png cannot be read: no /srv/data/x") == "a.png cannot be read: no x"
    assert hidden.leave_out(f"{Path.home()}/mine.npz") == "mine.npz"
    assert hidden.leave_out("/srv/database stays") == "/srv/database stays"
    packed = {"shape": [2], "data": "A" * 5000 + "/srv/data/"}
    assert hidden.leave_out({"/srv/data/a": [packed, (1, 2)]}) == {"a": [packed, (1, 2)]}
