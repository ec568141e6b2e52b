"""Bytes of a visitor, as they come in base64."""

import base64

import pytest

from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.uploads import decode_base64


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
