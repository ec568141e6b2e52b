"""The lines of the documentation that open the page in a notebook, run in one by a kernel of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

nbformat = pytest.importorskip("nbformat", reason="nbconvert is not installed")
pytest.importorskip("nbconvert")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[2]
ASK = """
import json, urllib.request

explored = _
config = json.load(urllib.request.urlopen(explored.url + "config"))
explored.close()
print(json.dumps({"title": config["title"], "url": explored.url}))
"""


def documented(lines: int) -> str:
    """The block of docs/pretrained.md that opens the page on a model of timm, which is fetched from nowhere here."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "pretrained.md").read_text(encoding="utf-8"), re.S)
    (found,) = (block for block in blocks if "vit_explorer.explore(timm" in block)
    assert len([line for line in found.splitlines() if line]) == lines and "pretrained=True" in found
    return found.replace("pretrained=True", "depth=1")


def test_three_lines_of_a_cell_open_the_page_on_a_model_of_timm(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in (documented(lines=3), ASK)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "three.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "run", "three.ipynb"]
    own = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython", "TMPDIR": "."}
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        **{name: str((tmp_path / folder).resolve()) for name, folder in own.items()},
    }
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    opened, answered = nbformat.read(tmp_path / "run.ipynb", as_version=4).cells
    answer = json.loads(answered.outputs[0].text)
    assert answer["title"] == "ViT Explorer"
    shown = [output.data.get("text/html", "") for output in opened.outputs if "data" in output]
    assert [html for html in shown if "<iframe" in html and answer["url"] in html]
