"""How a dataset refuses."""

from collections.abc import Callable

import pytest

from vit_explorer.data import DatasetError


def refused(*parts: str, open_it: Callable[[], object]) -> str:
    """The sentence with which something is refused, which holds all the parts."""
    with pytest.raises(DatasetError) as caught:
        open_it()
    sentence = str(caught.value)
    assert "\n" not in sentence
    for part in parts:
        assert part in sentence
    return sentence
