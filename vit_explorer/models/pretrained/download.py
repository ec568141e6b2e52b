"""A file from the internet: progress, stop, resume, and a checked hash before the file gets its name.

While a file NAME arrives it is called NAME.part, beside NAME.part.json, which tells whether the address still offers
the same file. HTTP and HTTPS, through the proxies that the environment names.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from pathlib import Path
from threading import Event

from filelock import FileLock, Timeout

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.download_words import (
    SILENCE,
    TEMPORARY,
    amount,
    connection_sentence,
    disk_sentence,
    host_of,
    http_sentence,
    stopped_sentence,
)
from vit_explorer.models.pretrained.partial import forget, note_path, part_path, read_note, size_of, write_note

CHUNK = 2**18  # bytes
ATTEMPTS = 5  # in a row that bring no byte
PAUSE = 1.0  # seconds before the next attempt
REPORT_EVERY = 0.1  # seconds between two calls of progress


class DownloadError(CheckpointError):
    """A file could not be fetched; the message says in a sentence why, and what to do."""


class DownloadStopped(DownloadError):
    """A download was stopped on request; the next one goes on from there."""


@dataclass(frozen=True)
class Progress:
    """How far a download is.

    Attributes:
        received: bytes on disk, those of earlier attempts too.
        total: bytes of the file; None where the server does not tell.
        seconds_left: at the speed of this attempt; None where it cannot be told.
    """

    received: int
    total: int | None
    seconds_left: float | None


def fetch(
    url: str,
    target: Path,
    *,
    sha256_prefix: str = "",
    progress: Callable[[Progress], None] | None = None,
    stop: Event | None = None,
) -> Path:
    """Download a file, going on where an earlier download broke off.

    Args:
        target: the path of the finished file; nothing unfinished is ever there.
        sha256_prefix: the first hexadecimal digits of the file's SHA-256; "" checks nothing.
        progress: is called about ten times a second, and at the end.
        stop: set it from another thread to stop.
    Returns:
        ``target``.
    Raises:
        DownloadStopped: where ``stop`` was set.
        DownloadError: for everything else that can go wrong.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"The address {url} is neither http nor https.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock", timeout=0):
            _fetch(url, target, sha256_prefix, progress or (lambda _: None), stop or Event())
    except Timeout as error:
        raise DownloadError(f"Another program is downloading {target.name} at this moment.") from error
    except OSError as error:
        raise DownloadError(disk_sentence(error, target)) from error
    return target


def check_sha256(path: Path, prefix: str) -> bool:
    """Whether the SHA-256 of a file begins with these digits; remembered until the file changes."""
    stat = path.stat()
    return _sha256(path, stat.st_mtime_ns, stat.st_size).startswith(prefix)


@lru_cache(maxsize=64)
def _sha256(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(url: str, target: Path, prefix: str, progress: Callable[[Progress], None], stop: Event) -> None:
    part = part_path(target)
    attempts = 0
    while True:
        before = size_of(part)
        try:
            _receive(url, part, progress, stop)
            break
        except _Broken as broken:
            attempts = 0 if size_of(part) > before else attempts + 1
            if attempts >= ATTEMPTS or not broken.temporary:
                raise DownloadError(broken.sentence) from broken
            if stop.wait(PAUSE):
                raise DownloadStopped(stopped_sentence(size_of(part))) from broken
    if prefix and not check_sha256(part, prefix):
        found = _sha256(part, part.stat().st_mtime_ns, part.stat().st_size)[: len(prefix)]
        forget(part)
        raise DownloadError(
            f"The file from {url} is not the expected one: its SHA-256 begins with {found}, not with {prefix}. "
            "It was deleted."
        )
    os.replace(part, target)
    note_path(part).unlink(missing_ok=True)


class _Broken(Exception):
    """A connection that failed, with the sentence to say if it stays so; ``temporary`` is worth another attempt."""

    def __init__(self, sentence: str, temporary: bool = True) -> None:
        super().__init__(sentence)
        self.sentence, self.temporary = sentence, temporary


def _receive(url: str, part: Path, progress: Callable[[Progress], None], stop: Event) -> None:
    """One connection: append to the part until the file is whole. Raises _Broken, OSError of the disk."""
    start, validator = size_of(part), read_note(part, url)
    if start and validator is None:  # nothing would tell a changed file
        forget(part)
        start = 0
    request = urllib.request.Request(url, headers={"User-Agent": "vit-explorer"})
    if start and validator is not None:
        request.add_header("Range", f"bytes={start}-")
        request.add_header("If-Range", validator)
    try:
        opener = urllib.request.build_opener()  # a new one: it takes the proxies from the environment as it is now
        response = opener.open(request, timeout=SILENCE)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # the part is longer than the file
            forget(part)
            raise _Broken(f"The file at {url} is shorter than the part that was received.") from error
        raise _Broken(http_sentence(error.code, url), error.code in TEMPORARY) from error
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(*connection_sentence(error, url)) from error
    with response:
        if response.status == 200:  # from the start, whatever was asked for
            start = 0
        if response.headers.get_content_type() == "text/html":
            raise _Broken(f"The address {url} answers with a web page in place of the file.", temporary=False)
        total = _total(response.headers, start)
        _check_space(part, total, start)
        write_note(part, url, response.headers)
        _append(response, part, start, total, url, progress, stop)


def _append(
    response: http.client.HTTPResponse, part: Path, start: int, total: int | None, url: str,
    progress: Callable[[Progress], None], stop: Event,
) -> None:  # fmt: skip
    """Write the body behind the first ``start`` bytes of the part."""
    received, began, reported = start, time.monotonic(), 0.0
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        while True:
            if stop.is_set():
                file.flush()
                raise DownloadStopped(stopped_sentence(size_of(part)))
            try:
                chunk = response.read1(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise _Broken(*connection_sentence(error, url)) from error
            if not chunk:
                break
            file.write(chunk)
            received += len(chunk)
            now = time.monotonic()
            if now - reported >= REPORT_EVERY:
                reported = now
                progress(Progress(received, total, _seconds_left(received, start, total, now - began)))
        file.truncate()
    if total is not None and received != total:
        raise _Broken(f"The connection to {host_of(url)} broke at {amount(received)} of {amount(total)}.")
    progress(Progress(received, total, 0.0))


def _seconds_left(received: int, start: int, total: int | None, seconds: float) -> float | None:
    if total is None or received <= start or seconds <= 0:
        return None
    return (total - received) * seconds / (received - start)


def _total(headers: Message, start: int) -> int | None:
    """The bytes of the whole file."""
    whole = (headers.get("Content-Range") or "").rpartition("/")[2]
    length = headers.get("Content-Length") or ""
    if start:
        return int(whole) if whole.isdecimal() else None
    return int(length) if length.isdecimal() else None


def _check_space(part: Path, total: int | None, start: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if total is not None and total - start > free:
        raise DownloadError(
            f"The disk is too full: {part.parent} has {amount(free)} left, {amount(total - start)} are needed."
        )
