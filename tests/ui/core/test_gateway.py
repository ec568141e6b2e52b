"""The way of a question over HTTP: what cannot be read, limits, one answer to equal questions, and queues."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest
from gradio.routes import App
from starlette.testclient import TestClient

from tests.ui.core.words import Word, echo
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.gateway import ADDRESS, Gateway
from vit_explorer.ui.core.limits import MINUTE, PUBLIC, Ledger, Limits, Rate, visitor_key
from vit_explorer.ui.core.paths import HiddenPaths
from vit_explorer.ui.core.serve import Terms, serve, terms


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
