"""The size of a request, limited on every way into the program."""

from __future__ import annotations

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class TooLarge(Exception):
    """A request has sent more than it may."""


class RequestSize:
    """Answers what is larger with status 413 and a sentence, before it has been read.

    Args:
        most: in bytes.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated, received, begun = Headers(scope=scope).get("content-length", ""), 0, False

        async def count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise TooLarge
            return message

        async def begin(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if stated.isdecimal() and int(stated) > self._most:
                raise TooLarge
            await self._app(scope, count, begin)
        except TooLarge:
            if begun:  # an answer is on its way already: the connection ends
                raise
            error = f"This request is larger than the {self._most / 2**20:.0f} MB allowed."
            body = orjson.dumps({"error": error})
            await Response(body, 413, media_type="application/json")(scope, receive, send)
