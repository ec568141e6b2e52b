"""The way of every question of the page's scripts: read within limits, answered once, sent as bytes.

It stands where Gradio's own route for server functions would: that one makes a state for each visitor, answers what it
does not know with status 500, and lets long work hold up short.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

import anyio
import anyio.to_thread
import orjson
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from vit_explorer.ui.core.errors import Answer, UserError, json_errors
from vit_explorer.ui.core.kept import KeptAnswers, MadeFrom, key_of, made_from, weights_stamp
from vit_explorer.ui.core.limits import Ledger, Limits
from vit_explorer.ui.core.paths import HiddenPaths
from vit_explorer.ui.core.request_size import RequestSize
from vit_explorer.ui.core.serve import ServerFunction

LOG = logging.getLogger(__name__)
ADDRESS = "/gradio_api/component_server"
PLACE = f"{ADDRESS}/place"  # how many are before a request that waits
WEIGHTS = "VX-Weights"  # header of an answer: the stamp of the network's weights
LONGEST_TICKET = 40  # characters
LOOKING_AT_ONCE = 16  # requests for which a kept answer is looked for
AT_ONCE = 8  # short requests in work; more threads than this would only wait for the cores
LONG_AT_ONCE = max(1, (os.cpu_count() or 2) // 2)  # requests that take seconds

BROKEN = "The request cannot be read: load the page again."
OTHER_EDITION = "This page is of another edition of the program: load it again."


class Queues:
    """How many requests are in work at once; the others wait in the order in which they came."""

    def __init__(self) -> None:
        self.look = anyio.CapacityLimiter(LOOKING_AT_ONCE)
        self.short = anyio.CapacityLimiter(AT_ONCE)
        self.long = anyio.CapacityLimiter(LONG_AT_ONCE)
        self.threads = anyio.CapacityLimiter(AT_ONCE + LONG_AT_ONCE)  # for all whose turn it is
        self.line: list[asyncio.Task[Answered]] = []  # of what takes long, in work and then waiting, in their order


class Answered(NamedTuple):
    """An answer as JSON, and the stamp of the weights it was made with: None where they were replaced meanwhile."""

    body: bytes
    weights: str | None = None


@dataclass
class Work:
    """An answer under way: how many wait for it, and whether its turn has come."""

    asked_by: int = 0
    begun: bool = False


class Gateway:
    """Answers questions to server functions over HTTP.

    Args:
        limits: of visitors.
        kept: answers that are the same for everybody.
        hidden: folders that visitors do not see; None shows them, to a person on this machine.
    """

    def __init__(
        self, limits: Limits | None = None, kept: KeptAnswers | None = None, hidden: HiddenPaths | None = None
    ) -> None:
        self.ledger = Ledger(limits or Limits())
        self.kept = kept or KeptAnswers()
        self._hidden = hidden
        self._under_way: dict[Hashable, tuple[asyncio.Task[Answered], Work]] = {}
        self._tickets: dict[str, asyncio.Task[Answered]] = {}  # by which a page asks for its place
        self._queues: Queues | None = None  # made in the loop that serves

    @property
    def middleware(self) -> list[Middleware]:
        """Keeps requests that are too large from all routes."""
        return [Middleware(RequestSize, most=self.ledger.limits.request_bytes)]

    @property
    def routes(self) -> list[Route]:
        """Where Gradio's client asks."""
        ways = {ADDRESS: self._handle, f"{ADDRESS}/": self._handle, PLACE: self._handle_place}
        return [Route(path, way, methods=["POST"]) for path, way in ways.items()]

    async def _handle(self, http: Request) -> Response:
        try:
            body = await http.body()
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            asked = orjson.loads(body)
            component, name, raw = asked["component_id"], asked["fn_name"], asked["data"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _response(_dumped({"error": BROKEN}), status=400)
        function = _function(http.app.get_blocks().blocks, component, name)
        if function is None:
            return _response(_dumped({"error": OTHER_EDITION}), status=404)
        visitor = http.client.host if http.client else ""
        answer = asyncio.create_task(self._answered(function, raw, visitor, _ticket(asked)))
        leaving = asyncio.create_task(_left(http))
        try:
            await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                return Response(status_code=400)
            return _response(*answer.result())
        finally:
            leaving.cancel()
            answer.cancel()

    async def _handle_place(self, http: Request) -> Response:
        try:
            ticket = _ticket(orjson.loads(await http.body()))
        except (orjson.JSONDecodeError, ClientDisconnect):
            return _response(_dumped({"error": BROKEN}), status=400)
        return _response(_dumped({"before": self.place(ticket)}))

    def place(self, ticket: str | None) -> int | None:
        """How many others a request waits for, 0 while it is in work; None for one that does not take long, or is done.

        Args:
            ticket: of the request, see :meth:`answer`.
        """
        task = self._tickets.get(ticket or "")
        if task is None or self._queues is None or task not in self._queues.line:
            return None
        return max(0, self._queues.line.index(task) + 1 - LONG_AT_ONCE)

    async def answer(self, function: ServerFunction, raw: Any, visitor: str, ticket: str | None = None) -> bytes:
        """The answer as JSON, {"error": a sentence} where there is none. Equal questions under way have one answer.

        A question that nobody waits for any more when its turn comes is dropped; a command is carried out.

        Args:
            ticket: a name that the page gives to the request, to ask for its place.
        """
        return (await self._answered(function, raw, visitor, ticket)).body

    async def _answered(self, function: ServerFunction, raw: Any, visitor: str, ticket: str | None) -> Answered:
        try:
            request = function.parse(raw)
            self.ledger.admit(visitor, function.terms)
        except UserError as error:
            LOG.info("%s: %s", function.__name__, message := str(error))
            return Answered(_dumped({"error": message}))
        key = key_of(function, request)
        if key is None:
            task, work = self._begin(function, request, None)
        elif key in self._under_way:
            task, work = self._under_way[key]
        else:
            task, work = self._under_way[key] = self._begin(function, request, key)
            task.add_done_callback(lambda _: self._forget(key, task))
        work.asked_by += 1
        if ticket is not None:
            self._tickets[ticket] = task
        try:
            return await asyncio.shield(task)
        finally:
            self._tickets.pop(ticket or "", None)
            work.asked_by -= 1
            if key is not None and not work.asked_by and not work.begun:
                self._forget(key, task)
                task.cancel()

    def _begin(
        self, function: ServerFunction, request: Any, key: Hashable | None
    ) -> tuple[asyncio.Task[Answered], Work]:
        work = Work()
        return asyncio.create_task(self._work(function, request, key, work)), work

    def _forget(self, key: Hashable, task: asyncio.Task[Answered]) -> None:
        """Equal questions from now on are answered anew."""
        if self._under_way.get(key, (None,))[0] is task:
            del self._under_way[key]

    async def _work(self, function: ServerFunction, request: Any, key: Hashable | None, work: Work) -> Answered:
        """Find a kept answer, or make one in a thread when it is its turn."""
        if self._queues is None:
            self._queues = Queues()
        source = None
        if key is not None:
            source, known = await anyio.to_thread.run_sync(
                self._known, function, request, key, limiter=self._queues.look
            )
            if known is not None:
                return known
        make = functools.partial(self._make, function, request, key, source)
        if not function.terms.long:
            return await self._in_turn(self._queues.short, work, make)
        line, me = self._queues.line, asyncio.current_task()
        if len(line) >= self.ledger.limits.long_waiting:
            return Answered(_dumped({"error": "Too many others wait for such answers already: try again in a minute."}))
        assert me is not None
        line.append(me)
        try:
            return await self._in_turn(self._queues.long, work, make)
        finally:
            line.remove(me)

    async def _in_turn(self, queue: anyio.CapacityLimiter, work: Work, make: Callable[[], Answered]) -> Answered:
        assert self._queues is not None
        async with queue:
            work.begun = True
            return await anyio.to_thread.run_sync(make, limiter=self._queues.threads)

    def _known(self, function: ServerFunction, request: Any, key: Hashable) -> tuple[MadeFrom | None, Answered | None]:
        """What the answer is made from, and a kept one; None where there is none."""
        before = weights_stamp(function, request)
        try:
            source = made_from(function, request)
        except Exception:  # what it names is not there: its answer says so
            return None, None
        found = None if source is None else self.kept.find(key, source)
        return source, None if found is None else _stamped(found, before, weights_stamp(function, request))

    def _make(self, function: ServerFunction, request: Any, key: Hashable | None, source: MadeFrom | None) -> Answered:
        before = weights_stamp(function, request)
        body = self._made(function, request, key, source)
        return _stamped(body, before, weights_stamp(function, request))

    def _made(self, function: ServerFunction, request: Any, key: Hashable | None, source: MadeFrom | None) -> bytes:
        answer = function.run(request)
        data = json_errors(function.__name__, lambda: {"json": self._json(answer)})
        if "error" in data:
            return _dumped(data)
        if source is not None and "error" not in answer:
            self.kept.keep(key, source, data["json"])
        return data["json"]

    def _json(self, answer: Answer) -> bytes:
        return _dumped(answer if self._hidden is None else self._hidden.leave_out(answer))


async def _left(http: Request) -> None:
    """Wait until the client has gone."""
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _function(blocks: Any, component: Any, name: Any) -> ServerFunction | None:
    """The server function of this name of a component."""
    if not isinstance(component, int) or not isinstance(name, str):
        return None
    offered = getattr(blocks.get(component), "server_fns", ())
    return next((one for one in offered if isinstance(one, ServerFunction) and one.__name__ == name), None)


def _ticket(asked: Any) -> str | None:
    """The name that a page gave to its request."""
    ticket = asked.get("ticket") if isinstance(asked, dict) else None
    return ticket if isinstance(ticket, str) and 0 < len(ticket) <= LONGEST_TICKET else None


def _dumped(answer: Answer) -> bytes:
    return orjson.dumps(answer, default=dict, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)


def _stamped(body: bytes, before: str | None, after: str | None) -> Answered:
    """An answer during which weights were read for the first time, or stayed what they were, or were replaced."""
    return Answered(body, after if before in (None, after) else None)


def _response(body: bytes, weights: str | None = None, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"} | ({WEIGHTS: weights} if weights else {})
    return Response(body, status, headers, "application/json")
