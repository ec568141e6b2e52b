"""A small reverse proxy that stands for nginx: a folder of its address is taken off, and headers say where it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from vit_explorer.bench.browser import free_port

OF_ONE_CONNECTION = ("connection", "transfer-encoding", "content-length", "keep-alive")


def reverse_proxy(folder: str, behind: str) -> ASGIApp:
    """``location /folder/ { proxy_pass behind; }`` with the headers of docs/deploying.md; elsewhere status 404."""
    client = httpx.AsyncClient(base_url=behind, trust_env=False, timeout=300)

    async def forward(request: Request) -> Response:
        headers = {
            **{name: value for name, value in request.headers.items() if name not in OF_ONE_CONNECTION},
            "X-Forwarded-For": request.client.host if request.client else "",
            "X-Forwarded-Proto": "http",
        }
        path = request.url.path.removeprefix(folder) + (f"?{request.url.query}" if request.url.query else "")
        asked = client.build_request(request.method, path, headers=headers, content=await request.body())
        answer = await client.send(asked, stream=True)
        passed = {name: value for name, value in answer.headers.items() if name not in OF_ONE_CONNECTION}
        return StreamingResponse(
            answer.aiter_raw(), answer.status_code, passed, background=BackgroundTask(answer.aclose)
        )

    ways = ["GET", "POST", "HEAD", "OPTIONS", "DELETE", "PUT"]
    return Starlette(routes=[Route(f"{folder}/{{path:path}}", forward, methods=ways)])


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an app in a thread, and yield its address without a slash at the end."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
