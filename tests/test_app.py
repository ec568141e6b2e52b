"""The door: its flags, and one clear line for everything that can be wrong with them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from vit_explorer.bench.browser import APP, running_app
from vit_explorer.models.zoo import create_model, save_checkpoint


def small_checkpoint(folder: Path, name: str = "vit-small") -> Path:
    """Weights nobody trained, with the card that a loader needs."""
    overrides = {"d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 16}
    card = {
        "model": "vit",
        "overrides": overrides,
        "dataset": {"name": "shapes", "classes": [f"class {i}" for i in range(10)]},
        "normalise": {"mean": [127.0] * 3, "std": [64.0] * 3},
    }
    return save_checkpoint(create_model("vit", **overrides), card, name, folder)


def answer_of(address: str) -> str:
    with urllib.request.urlopen(address) as answer:
        return answer.read().decode()


def test_a_taken_port_is_said_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run([sys.executable, str(APP), "--port", str(port)], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert str(port) in ended.stderr and "--port" in ended.stderr


def test_an_impossible_host_is_said_in_one_line():
    ended = subprocess.run([sys.executable, str(APP), "--host", "no.such.host.invalid"], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1 and "--host" in ended.stderr


@pytest.mark.parametrize("harm", ["missing", "no weights", "damaged weights", "damaged card", "other shapes"])
def test_the_app_answers_whatever_the_checkpoints_are(tmp_path, harm):
    path = small_checkpoint(tmp_path)
    small_checkpoint(tmp_path, "vit-whole")
    if harm == "no weights":
        path.unlink()
    elif harm == "damaged weights":
        path.write_bytes(path.read_bytes()[:300])
    elif harm == "damaged card":
        path.with_suffix(".json").write_text("{")
    elif harm == "other shapes":
        card = json.loads(path.with_suffix(".json").read_text())
        card["overrides"]["d_model"] = 32
        path.with_suffix(".json").write_text(json.dumps(card))
    folder = tmp_path / "nowhere" if harm == "missing" else tmp_path
    with running_app("--checkpoints", str(folder), log=(log := [])) as address:
        assert "ViT Explorer" in answer_of(address)
    lines = [line for line in log[0].splitlines() if line.startswith("app.py: ")]
    assert len(lines) == 1
    assert ("nowhere" if harm == "missing" else "vit-small") in lines[0]
    assert "Traceback" not in log[0]


def test_a_wrong_data_path_is_said_and_the_rest_runs(tmp_path, monkeypatch):
    monkeypatch.delenv("VIT_EXPLORER_DATA", raising=False)
    small_checkpoint(tmp_path)
    wrong = tmp_path / "no-data-here"
    with running_app("--checkpoints", str(tmp_path), "--data", str(wrong), log=(log := [])) as address:
        assert "ViT Explorer" in answer_of(address)
    lines = [line for line in log[0].splitlines() if line.startswith("app.py: ")]
    assert len(lines) == 1 and str(wrong) in lines[0]


def test_the_page_names_no_other_origin():
    with running_app() as address:
        page = answer_of(address)
    for foreign in ("fonts.googleapis", "cdnjs", "jsdelivr", "unpkg", "gstatic", "huggingface.co"):
        assert foreign not in page
