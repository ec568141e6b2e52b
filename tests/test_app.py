"""The door: its flags, and one clear line for everything that can be wrong with them."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from tests.models.pretrained.server import offering
from tests.training.racing import PATIENCE, alive, children, until
from tests.ui.test_listening import IPV6
from vit_explorer.bench.browser import APP, free_port, wait_until_answering
from vit_explorer.data.cifar10 import DATA_VARIABLE
from vit_explorer.models.checkpoint import save_checkpoint
from vit_explorer.models.pretrained import pretrained_models
from vit_explorer.models.zoo import create_model
from vit_explorer.ui import door
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.frame.frame import Payloads
from vit_explorer.ui.frame.tab import frame_functions
from vit_explorer.ui.payloads import model_payload, trace_payload


def small_checkpoint(folder: Path, name: str = "vit-small") -> Path:
    """Weights nobody trained, with the card that a loader needs."""
    overrides = {"d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 16}
    card = {
        "model": "vit",
        "overrides": overrides,
        "dataset": {"name": "shapes", "classes": [f"class {i}" for i in range(10)]},
        "normalise": {"mean": [127.0] * 3, "std": [64.0] * 3},
        "recipe": {"epochs": 3},
    }
    return save_checkpoint(create_model("vit", **overrides), card, name, folder)


@pytest.fixture
def served(monkeypatch, capsys):
    """Run the command with these flags in this process: what its page answers, and all that it prints."""

    def serve(*flags: str) -> tuple[str, str]:
        answers: list[str] = []

        def look(page: gr.Blocks) -> None:  # in place of waiting for the end
            answers.append(answer_of(page.local_url))
            page.close(verbose=False)

        monkeypatch.setattr(gr.Blocks, "block_thread", look)
        assert door.main(["--port", "0", *flags]) == 0
        return answers[0], "".join(capsys.readouterr())

    return serve


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


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_there_is_not_is_said_in_one_line(port, capsys):
    assert door.main(["--port", port]) == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and port in shown and "65535" in shown


@IPV6
def test_the_app_starts_on_a_free_ipv6_port_whatever_proxies_the_environment_names(tmp_path):
    proxies = {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9", "GRADIO_SERVER_NAME": "::1"}
    process = subprocess.Popen(
        [sys.executable, "-u", str(APP), "--port", "0", "--runs", str(tmp_path)],
        env=os.environ | proxies,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines = iter(process.stdout.readline, "")
        address = next(found.group() for line in lines if (found := re.search(r"http://\[::1\]:\d+", line)))
        assert not address.endswith(":0")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert "ViT Explorer" in direct.open(address).read().decode()
    finally:
        process.kill()
        process.communicate()


def do_harm(path: Path, harm: str) -> None:
    """Spoil the checkpoint whose weights lie here."""
    card = json.loads(path.with_suffix(".json").read_text())
    if harm == "no weights":
        path.unlink()
    elif harm == "damaged weights":
        path.write_bytes(path.read_bytes()[:300])
    elif harm == "damaged positions":
        path.with_suffix(".positions.npz").write_bytes(b"no archive")
    elif harm == "other shapes":
        card["overrides"]["d_model"] = 32
    elif harm == "card without dataset.name":
        del card["dataset"]["name"]
    elif harm == "null recipe":
        card["recipe"] = None
    elif harm == "too few classes":
        card["dataset"]["classes"].pop()
    path.with_suffix(".json").write_text("{" if harm == "damaged card" else json.dumps(card))


def answers_of(session: Session) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """The frame's functions by their names."""
    return {
        function.__name__: function
        for function in frame_functions(session, Payloads(model_payload, partial(trace_payload, session.traces)))
    }


HARMS = [
    "no weights",
    "damaged weights",
    "damaged card",
    "damaged positions",
    "other shapes",
    "card without dataset.name",
    "null recipe",
    "too few classes",
]


@pytest.mark.parametrize("harm", HARMS)
def test_the_frame_answers_whatever_one_checkpoint_is(tmp_path, harm):
    """The other model is listed and works; the harmed one works too where only its snapshots are lost."""
    do_harm(small_checkpoint(tmp_path), harm)
    small_checkpoint(tmp_path, "vit-whole")
    answers = answers_of(Session(checkpoint_folders=[tmp_path]))
    catalogue = json.loads(json.dumps(answers["catalogue"]({}), allow_nan=False))
    usable = ["vit-small", "vit-whole"] if harm == "damaged positions" else ["vit-whole"]
    assert [model["name"] for model in catalogue["models"]] == usable
    assert len([problem for problem in catalogue["problems"] if str(tmp_path / "vit-small") in problem]) == 1
    for name in usable:
        assert answers["describe"]({"model": name})["positions"]["epochs"] == [3.0]
        traced = answers["analyse"]({"model": name, "picture": "sample:lion", "fit": "crop"})
        assert sum(traced["probabilities"]) == pytest.approx(1, abs=1e-6)
    for name in {"vit-small"} - set(usable):
        assert "vit-small" in answers["describe"]({"model": name})["error"]


def test_the_app_answers_whatever_the_checkpoints_are(tmp_path, served):
    """Each harmed one is a line of its own, and the whole one beside them is there."""
    for number, harm in enumerate(HARMS):
        do_harm(small_checkpoint(tmp_path, f"vit-{number}"), harm)
    small_checkpoint(tmp_path, "vit-whole")
    lines = complaints(*served("--checkpoints", str(tmp_path)))
    assert len(lines) == len(HARMS)
    for number, harm in enumerate(HARMS):
        assert sum(f"vit-{number}" in line for line in lines) == 1, harm


def test_the_app_says_where_runs_are_written(tmp_path, served):
    _, said = served("--runs", str(tmp_path / "mine"))
    assert f"Runs are written to {tmp_path / 'mine'}\n" in said
    assert not (tmp_path / "mine").exists()  # no folder before there is a run


def test_the_app_answers_without_a_checkpoint(tmp_path, served):
    (line,) = complaints(*served("--checkpoints", str(tmp_path / "nowhere")))
    assert "nowhere" in line


def complaints(page: str, said: str) -> list[str]:
    assert "ViT Explorer" in page
    assert "Traceback" not in said
    return [line for line in said.splitlines() if line.startswith("vit-explorer: ")]


def test_a_port_that_is_no_number_is_said_in_one_line(monkeypatch, capsys):
    monkeypatch.setenv("GRADIO_SERVER_PORT", "http")
    assert door.main([]) == 1
    assert capsys.readouterr().err == "vit-explorer: GRADIO_SERVER_PORT is 'http': it must be the number of a port.\n"


def test_a_port_that_is_taken_while_the_page_is_built_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    def taken(*_, **__):
        raise OSError(errno.EADDRINUSE, "taken meanwhile")

    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setattr(gr.Blocks, "launch", taken)
    small_checkpoint(tmp_path)
    assert door.main(["--port", "0", "--checkpoints", str(tmp_path)]) == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "taken meanwhile" in shown and "--port" in shown


def test_a_fault_while_warming_up_is_logged_and_the_page_stays(monkeypatch, caplog):
    def fail(_):
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(Session, "warm_up", fail)
    door.warm_up(Session())
    assert "RuntimeError: nobody thought of this" in caplog.text and "Traceback" in caplog.text


def test_a_dataset_that_cannot_be_read_is_said(tmp_path, capsys):
    damaged = tmp_path / "cifar10.npz"
    damaged.write_bytes(b"no archive")
    door.warm_up(Session(damaged))
    assert capsys.readouterr().err.startswith(f"vit-explorer: {damaged} cannot be read")


def test_a_wrong_data_path_is_said_and_the_rest_runs(tmp_path, monkeypatch, served):
    monkeypatch.delenv("VIT_EXPLORER_DATA", raising=False)
    small_checkpoint(tmp_path)
    wrong = tmp_path / "no-data-here"
    (line,) = complaints(*served("--checkpoints", str(tmp_path), "--data", str(wrong)))
    assert str(wrong) in line


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see who runs")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_the_app(tmp_path, number):
    port = free_port()
    process = subprocess.Popen([sys.executable, str(APP), "--port", str(port), "--runs", str(tmp_path)])
    try:
        wait_until_answering(f"http://127.0.0.1:{port}/", process)
        (worker,) = until(lambda: children(process.pid))
        process.send_signal(number)
        process.wait(PATIENCE)
        until(lambda: not alive(worker), "the worker lives on")
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--at-once", "0"], "at_once must be 1 or more, not 0"),
        (["--own-data", "a/pictures.npz", "b/pictures"], "b/pictures would be called 'pictures'"),
        (["--own-data", "a/pictures.npz", "--own-data", "b/pictures"], "b/pictures would be called 'pictures'"),
    ],
)
def test_training_flags_that_cannot_be_are_said_in_one_line(flags, words, capsys, monkeypatch):
    monkeypatch.delenv("GRADIO_SERVER_PORT", raising=False)
    assert door.main(["--port", "0", *flags]) == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and words in shown


def test_the_page_names_no_other_origin(served):
    page, _ = served()
    for foreign in ("fonts.googleapis", "cdnjs", "jsdelivr", "unpkg", "gstatic", "huggingface.co"):
        assert foreign not in page


def test_a_network_that_cannot_be_opened_is_said_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("GRADIO_SERVER_PORT", raising=False)
    damaged = tmp_path / "mine.pth"
    damaged.write_bytes(b"no weights")
    assert door.main(["--port", "0", "--model", str(damaged)]) == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and str(damaged) in shown


def test_networks_are_downloaded_before_the_page_is_served(served, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with offering(b"weights"):
        first, _, another = (entry.name for entry in pretrained_models()[:3])
        _, said = served("--get", first, "--get", "no-such-network", "--runs", str(tmp_path / "runs"))
    (file,) = tmp_path.glob("hub/checkpoints/*.pth")
    assert file.read_bytes() == b"weights" and str(file) in said
    assert "no-such-network" in said and another in said  # the known names


def test_to_download_and_to_stay_offline_is_a_contradiction(capsys):
    with pytest.raises(SystemExit):
        door.main(["--get", "deit-tiny", "--offline"])
    assert "--offline" in capsys.readouterr().err


def test_the_command_lists_the_pretrained_networks(capsys):
    assert door.main(["get", "--list"]) == 0
    assert "deit-tiny" in capsys.readouterr().out
