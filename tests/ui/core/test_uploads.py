"""Bytes of a visitor, as they come in base64."""

import base64
import io

import pytest
from PIL import Image

from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.kept_pictures import IN_USE
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.uploads import MAX_KEPT, decode_base64, keep_uploads


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_bytes_up_to_the_limit_are_decoded(size):
    assert decode_base64(base64.b64encode(b"x" * size).decode(), 10, "too large") == b"x" * size


@pytest.mark.parametrize("size", [11, 12, 1_000])
def test_more_bytes_are_too_large_also_by_one(size):
    with pytest.raises(UserError, match=r"^too large$"):
        decode_base64(base64.b64encode(b"x" * size).decode(), 10, "too large")


@pytest.mark.parametrize("data", ["not base64!", "abc", "\u202e", "Ü==="])
def test_what_is_no_base64_was_damaged(data):
    with pytest.raises(UserError, match="damaged on its way"):
        decode_base64(data, 10, "too large")


def test_uploads_that_an_open_page_keeps_are_in_use_and_missing_ones_are_named():
    buffer = io.BytesIO()
    Image.new("RGB", (100, 100)).save(buffer, "PNG")
    session = Session(uploads_memory=1)  # MB: room for two of them
    first, second = (session.keep_upload(buffer.getvalue(), title).name for title in "ab")
    now = [2 * IN_USE + session._uploads._clock()]
    session._uploads._clock = lambda: now[0]
    keep = bind(keep_uploads, session)
    assert keep({"pictures": [first, "upload:gone", "sample:cat"]}) == {"missing": ["upload:gone", "sample:cat"]}
    third = session.keep_upload(buffer.getvalue(), "c").name
    assert keep({"pictures": [first, second, third]}) == {"missing": [second]}
    with pytest.raises(UserError, match=str(MAX_KEPT)):
        keep({"pictures": ["upload:a"] * (MAX_KEPT + 1)})
