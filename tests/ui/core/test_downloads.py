"""Files that the page hands to a person."""

import base64

import pytest

from vit_explorer.ui.core.downloads import csv_bytes, export_file
from vit_explorer.ui.core.errors import UserError


def test_a_table_tells_a_spreadsheet_its_encoding():
    data = csv_bytes("Größe\n1\n")
    assert data == b"\xef\xbb\xbfGr\xc3\xb6\xc3\x9fe\n1\n"
    answer = export_file("table", "csv", lambda: pytest.fail("no figure was asked for"), {"csv": lambda: data})
    assert (answer["filename"], answer["mime"]) == ("table.csv", "text/csv")
    assert base64.b64decode(answer["data"]) == data


def test_another_format_is_refused_with_those_there_are():
    with pytest.raises(UserError, match="csv, png, svg, pdf, not 'exe'"):
        export_file("table", "exe", lambda: pytest.fail("no figure was asked for"), {"csv": lambda: b""})
