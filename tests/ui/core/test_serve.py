"""Server functions: requests parsed into dataclasses, exceptions turned into messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from vit_explorer.data.decode import PictureError
from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.ui.core.errors import UserError, user_errors
from vit_explorer.ui.core.pictures import UnknownPicture
from vit_explorer.ui.core.requests import Range, parse_request
from vit_explorer.ui.core.serve import bind, serve
from vit_explorer.ui.core.session import Session


@dataclass(frozen=True)
class Inner:
    label: str


@dataclass(frozen=True)
class Sizes:
    side: Annotated[int, Range(1, 1_000)]
    ratio: float
    fit: Literal["crop", "letterbox"]
    heads: tuple[tuple[int, int], ...]
    residual: bool
    seed: Annotated[int, Range(0, 9)] | None = None
    cursors: dict[str, int] | None = None
    parts: tuple[Inner, ...] = ()


GOOD = {"side": 4, "ratio": 1, "fit": "crop", "heads": [[0, 1], [2, 3]], "residual": True}


def test_a_request_becomes_its_dataclass():
    more = {"seed": 3, "cursors": {"a": 7}, "parts": [{"label": "x", "other": 1}], "unknown": 5}
    assert parse_request(Sizes, GOOD | more) == Sizes(
        4, 1.0, "crop", ((0, 1), (2, 3)), True, 3, {"a": 7}, (Inner("x"),)
    )
    parsed = parse_request(Sizes, GOOD)
    assert parsed.seed is None and parsed.parts == () and isinstance(parsed.ratio, float)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"side": 0}, "Side must be 1 to 1,000, not 0"),
        ({"side": True}, "Side must be a whole number, 1 to 1,000, not True"),
        ({"side": 2.0}, "Side must be a whole number"),
        ({"ratio": "1"}, "Ratio must be a number, not 1"),
        ({"ratio": float("nan")}, "Ratio must be"),
        ({"fit": "stretch"}, "Fit can be crop or letterbox, not 'stretch'"),
        ({"fit": ["crop"]}, "Fit can be crop or letterbox"),
        ({"heads": 3}, "Heads must be a list, not '3'"),
        ({"heads": [[1, 2, 3]]}, "Heads must be 2 values each, not 3"),
        ({"residual": 1}, "Residual must be true or false"),
        ({"seed": 10}, "Seed must be 0 to 9, not 10"),
        ({"cursors": []}, "Cursors must be an object"),
        ({"parts": [{}]}, "'label' is missing"),
        ({"parts": [{"label": None}]}, "Label must be text"),
    ],
)
def test_a_wrong_field_is_named_with_its_values(change, words):
    with pytest.raises(UserError, match=words.replace(".", r"\.")):
        parse_request(Sizes, GOOD | change)


def test_a_long_wrong_value_is_cut_short():
    with pytest.raises(UserError) as error:
        parse_request(Sizes, GOOD | {"fit": "x" * 10_000})
    assert len(str(error.value)) < 120


def double(factor: int, request: Inner) -> dict:
    return {"doubled": factor * request.label}


def nothing(factor: int) -> dict:
    return {"factor": factor}


def test_functions_are_served_by_name_with_their_context():
    twice, plain = serve(2, twice=double, plain=nothing)
    assert (twice.__name__, plain.__name__) == ("twice", "plain")
    assert twice({"label": "ab"}) == {"doubled": "abab"} and plain({"any": "thing"}) == {"factor": 2}


def test_a_fault_of_the_request_is_a_message_and_no_traceback(caplog):
    (twice,) = serve(2, twice=double)
    with caplog.at_level("INFO"):
        assert twice({}) == {"error": "Invalid request: 'label' is missing."}
    assert len(caplog.records) == 1 and "Traceback" not in caplog.text


def test_a_request_must_be_a_dataclass():
    def raw(request: dict) -> dict:
        return request

    with pytest.raises(TypeError, match="must be a dataclass"):
        bind(raw)


@pytest.mark.parametrize("error", [UserError, PictureError, CheckpointError, PermissionError])
def test_errors_that_a_visitor_can_cause_are_shown_as_they_are(error):
    def fail() -> dict:
        raise error("A sentence.")

    assert serve(fail=fail)[0]({}) == {"error": "A sentence."}


def test_a_forgotten_picture_is_named():
    def show(request: Inner) -> dict:
        return {"title": Session().picture(request.label).title}

    (show_title,) = serve(show=show)
    assert show_title({"label": "sample:lion"}) == {"title": "Lion"}
    assert "upload:gone is no longer here" in show_title({"label": "upload:gone"})["error"]
    with pytest.raises(UnknownPicture):
        bind(show)({"label": "upload:gone"})


@pytest.mark.parametrize(
    "error", [KeyError, ValueError, OverflowError, RuntimeError, RecursionError, FileNotFoundError]
)
def test_a_fault_of_the_server_is_a_sentence_and_logged_with_its_traceback(error, caplog):
    def fail() -> dict:
        raise error("deep inside")

    message = serve(fail=fail)[0]({})["error"]
    assert error.__name__ in message and "deep inside" not in message
    assert "Traceback" in caplog.text and "deep inside" in caplog.text


def test_a_file_that_the_server_may_not_read_is_its_own_fault(tmp_path):
    def fail() -> dict:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    message = serve(fail=fail)[0]({})["error"]
    assert "PermissionError" in message and str(tmp_path) not in message


@pytest.mark.parametrize("raw", [None, [], "x", 3, True, [{"side": 4}]])
def test_a_request_that_is_no_object_is_a_sentence(raw):
    with pytest.raises(UserError, match="must be an object"):
        parse_request(Sizes, raw)


@pytest.mark.parametrize("text", ["\ud800", "a\0b"])
def test_text_that_cannot_be_written_is_refused(text):
    with pytest.raises(UserError, match="broken characters"):
        parse_request(Inner, {"label": text})
    with pytest.raises(UserError, match="broken characters"):
        parse_request(Sizes, GOOD | {"cursors": {text: 1}})


@pytest.mark.parametrize("value", [float("inf"), 10**400, -(10**30), 1e300])
def test_a_number_beyond_those_of_json_is_refused(value):
    with pytest.raises(UserError, match="Ratio must be"):
        parse_request(Sizes, GOOD | {"ratio": value})


def test_a_message_and_its_line_in_the_log_stay_one_line(caplog):
    def fail() -> dict:
        raise UserError("No model 'a\nERROR root: forged" + "x" * 10_000)

    with caplog.at_level("INFO"):
        message = serve(fail=fail)[0]({})["error"]
    assert "\n" not in message and len(message) <= 100 and "\n" not in caplog.records[0].getMessage()


def test_errors_of_the_package_become_sentences():
    with pytest.raises(UserError) as error, user_errors():
        raise ValueError("epochs must lie between 1 and 9")
    assert str(error.value) == "Epochs must lie between 1 and 9."
