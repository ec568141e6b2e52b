"""A small HTTP server that offers one file, and can do wrong in every way that a download must survive."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from vit_explorer.models.pretrained import catalogue


@dataclass
class Behaviour:
    """What the server does; a test changes it while the server runs.

    Attributes:
        break_after: bytes of a body after which the connection is closed, for the next ``breaks`` answers.
        hold_after: bytes after which the server waits for ``go_on``.
        ranges: whether it honours Range.
        asked: (Range, If-Range) of each request.
    """

    content: bytes
    status: int = 200
    etag: str | None = '"1"'
    content_type: str = "application/octet-stream"
    with_length: bool = True
    break_after: int | None = None
    breaks: int = 0
    hold_after: int | None = None
    ranges: bool = True
    claimed_length: int | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    url: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@contextmanager
def serving(content: bytes) -> Iterator[Behaviour]:
    """A server on a free port of this machine; ``url`` of the behaviour is the address of its file."""
    behaviour = Behaviour(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, behaviour)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    behaviour.url = f"http://127.0.0.1:{server.server_address[1]}/weights.pth"
    try:
        yield behaviour
    finally:
        behaviour.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def offering(content: bytes) -> Iterator[Behaviour]:
    """A server whose file the catalogue offers as its first network, with its own hash."""
    with pytest.MonkeyPatch.context() as patched, serving(content) as behaviour:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            patched.delenv(name, raising=False)
        first, *others = catalogue.CATALOGUE
        offered = dataclasses.replace(first, url=behaviour.url, sha256_prefix=behaviour.sha256[:8])
        patched.setattr(catalogue, "CATALOGUE", (offered, *others))
        yield behaviour


def _answer(handler: BaseHTTPRequestHandler, behaviour: Behaviour) -> None:
    wanted, validator = handler.headers.get("Range"), handler.headers.get("If-Range")
    behaviour.asked.append((wanted, validator))
    if behaviour.status != 200:
        handler.send_error(behaviour.status)
        return
    start = 0
    if wanted and behaviour.ranges and validator == behaviour.etag:
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(behaviour.content):
            handler.send_error(416)
            return
    body = behaviour.content[start:]
    handler.send_response(206 if start else 200)
    handler.send_header("Content-Type", behaviour.content_type)
    if behaviour.etag:
        handler.send_header("ETag", behaviour.etag)
    if behaviour.with_length:
        handler.send_header("Content-Length", str(behaviour.claimed_length or len(body)))
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(behaviour.content) - 1}/{len(behaviour.content)}")
    handler.end_headers()
    if behaviour.breaks:
        behaviour.breaks -= 1
        body = body[: behaviour.break_after]
    if behaviour.hold_after is not None:
        handler.wfile.write(body[: behaviour.hold_after])
        handler.wfile.flush()
        behaviour.go_on.wait(30)
        body = body[behaviour.hold_after :]
    with suppress(OSError):  # the client has gone
        handler.wfile.write(body)
