"""Downloads: whole files only, resumed where they broke, and a sentence for every fault."""

from __future__ import annotations

import random
import shutil
import socket
import threading
import urllib.error
from collections import namedtuple
from pathlib import Path

import pytest
from filelock import FileLock

from tests.models.pretrained.server import Behaviour, serving
from vit_explorer.models import DownloadError
from vit_explorer.models.pretrained import download
from vit_explorer.models.pretrained.download import DownloadStopped, Progress, fetch

CONTENT = random.Random(0).randbytes(3 * 2**20)


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "PAUSE", 0.0)
    with serving(CONTENT) as behaviour:
        yield behaviour


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "new folder" / "weights.pth"


def part_of(target: Path) -> Path:
    return target.with_name("weights.pth.part")


def left(target: Path) -> set[str]:
    """Names of the files beside the target, the lock aside."""
    return {path.name for path in target.parent.iterdir() if path.suffix != ".lock"}


def test_a_whole_file_arrives_with_its_progress(server, target):
    seen: list[Progress] = []
    assert fetch(server.url, target, sha256_prefix=server.sha256[:8], progress=seen.append) == target
    assert target.read_bytes() == CONTENT and left(target) == {"weights.pth"}
    assert seen[-1] == Progress(len(CONTENT), len(CONTENT), 0.0)
    assert [one.received for one in seen] == sorted(one.received for one in seen)
    assert all(one.total == len(CONTENT) and one.seconds_left >= 0 for one in seen)


def test_without_a_length_the_rest_is_unknown(server, target):
    server.with_length = False
    seen: list[Progress] = []
    fetch(server.url, target, progress=seen.append)
    assert target.read_bytes() == CONTENT and seen[-1].total is None


def test_a_broken_connection_is_taken_up_where_it_broke(server, target):
    server.break_after, server.breaks = 2**20, 2
    fetch(server.url, target, sha256_prefix=server.sha256)
    assert target.read_bytes() == CONTENT
    assert server.asked == [(None, None), (f"bytes={2**20}-", '"1"'), (f"bytes={2**21}-", '"1"')]


def test_stopping_keeps_what_arrived_and_the_next_call_goes_on(server, target):
    server.hold_after = 2**20
    stop, seen = threading.Event(), []

    def progress(one: Progress) -> None:
        seen.append(one)
        stop.set()
        server.go_on.set()

    with pytest.raises(DownloadStopped, match=r"goes on"):
        fetch(server.url, target, progress=progress, stop=stop)
    kept = part_of(target).stat().st_size
    assert 0 < kept < len(CONTENT) and not target.exists()
    assert part_of(target).read_bytes() == CONTENT[:kept]
    server.hold_after = None
    seen.clear()
    fetch(server.url, target, sha256_prefix=server.sha256, progress=seen.append)
    assert server.asked[-1][0] == f"bytes={kept}-"
    assert target.read_bytes() == CONTENT and left(target) == {"weights.pth"}
    assert seen[0].received > kept


def stopped_half_way(server: Behaviour, target: Path) -> None:
    """Leave the first MiB as a part."""
    stop = threading.Event()
    stop.set()
    server.break_after, server.breaks = 2**20, 1
    part = part_of(target)
    with pytest.raises(DownloadStopped):
        fetch(server.url, target, progress=lambda _: None, stop=stop)
    part.write_bytes(CONTENT[: 2**20])
    server.breaks = 0


@pytest.mark.parametrize("change", ["another file", "no ranges", "another address", "no validator"])
def test_a_part_of_something_else_is_not_gone_on_with(change, server, target):
    stopped_half_way(server, target)
    url = server.url
    if change == "another file":
        server.content, server.etag = bytes(reversed(CONTENT)), '"2"'
    elif change == "no ranges":
        server.ranges = False
    elif change == "another address":
        url += "?other"
    else:
        target.with_name("weights.pth.part.json").unlink()
    fetch(url, target, sha256_prefix=server.sha256)
    assert target.read_bytes() == server.content


def test_a_part_longer_than_the_file_is_begun_again(server, target):
    stopped_half_way(server, target)
    part_of(target).write_bytes(CONTENT + b"more")
    fetch(server.url, target, sha256_prefix=server.sha256)
    assert target.read_bytes() == CONTENT


def test_a_wrong_hash_leaves_nothing(server, target):
    with pytest.raises(DownloadError, match=r"SHA-256 begins with [0-9a-f]{8}, not with 00000000"):
        fetch(server.url, target, sha256_prefix="00000000")
    assert left(target) == set()


def test_a_connection_that_breaks_again_and_again_ends_in_a_sentence(server, target):
    server.break_after, server.breaks = 0, 100
    with pytest.raises(DownloadError, match=r"broke at 0\.0 MB of 3\.1 MB"):
        fetch(server.url, target)
    assert len(server.asked) == download.ATTEMPTS and not target.exists()


@pytest.mark.parametrize(
    ("status", "words", "attempts"),
    [(404, "is gone", 1), (410, "is gone", 1), (403, "refuses", 1), (503, "try again later", download.ATTEMPTS)],
)
def test_answers_that_are_no_file(status, words, attempts, server, target):
    server.status = status
    with pytest.raises(DownloadError, match=words) as failed:
        fetch(server.url, target)
    assert str(status) in str(failed.value) and len(server.asked) == attempts
    assert left(target) == set()


def test_a_web_page_in_place_of_the_file(server, target):
    server.content_type = "text/html; charset=utf-8"
    with pytest.raises(DownloadError, match="web page"):
        fetch(server.url, target)
    assert left(target) == set()


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def test_no_server_and_no_such_host(server, target, monkeypatch):
    with pytest.raises(DownloadError, match=r"no connection to 127\.0\.0\.1:\d+\.$"):
        fetch(f"http://127.0.0.1:{free_port()}/weights.pth", target)

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DownloadError, match=r"no connection to nowhere\.invalid\.$") as failed:
        fetch("http://nowhere.invalid/weights.pth", target)
    assert isinstance(failed.value.__cause__.__cause__, urllib.error.URLError)  # a log can name the reason


def test_a_silent_server_is_left(server, target, monkeypatch):
    monkeypatch.setattr(download, "SILENCE", 0.05)
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    server.hold_after = 0
    with pytest.raises(DownloadError, match="has not answered"):
        fetch(server.url, target)


def test_proxies_of_the_environment_are_used_and_named_without_their_password(server, target, monkeypatch):
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    proxy = server.url.removeprefix("http://").removesuffix("/weights.pth")
    monkeypatch.setenv("http_proxy", f"http://me:secret@{proxy}")
    fetch("http://weights.invalid/weights.pth", target, sha256_prefix=server.sha256)  # the server acts as the proxy
    assert target.read_bytes() == CONTENT
    target.unlink()
    server.status = 407
    with pytest.raises(DownloadError, match=r"proxy 127\.0\.0\.1:\d+ asks for a name and a password") as failed:
        fetch("http://weights.invalid/weights.pth", target)
    assert "secret" not in str(failed.value)
    monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{free_port()}")
    with pytest.raises(DownloadError, match=r"proxy 127\.0\.0\.1:\d+ gives no connection") as failed:
        fetch("http://weights.invalid/weights.pth", target)
    assert "secret" not in str(failed.value)


def test_a_disk_that_is_too_full_is_seen_before_a_byte_is_written(server, target, monkeypatch):
    Usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**30, 2**30 - 2**20, 2**20))
    with pytest.raises(DownloadError, match=r"1\.0 MB left, 3\.1 MB are needed"):
        fetch(server.url, target)
    assert left(target) == set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_fills_up_on_the_way(server, target):
    target.parent.mkdir(parents=True)
    part_of(target).symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="disk is full"):
        fetch(server.url, target)
    assert not target.exists()


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="cannot be written"):
        fetch(server.url, tmp_path / "file" / "weights.pth")


def test_two_programs_do_not_write_one_file(server, target):
    target.parent.mkdir(parents=True)
    with FileLock(f"{target}.lock"), pytest.raises(DownloadError, match="Another program"):
        fetch(server.url, target)
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT


def test_other_kinds_of_address_are_refused(target):
    with pytest.raises(DownloadError, match="neither http nor https"):
        fetch("file:///etc/hosts", target)
