"""The endpoints as tools over MCP, where Gradio's extra is installed."""

from __future__ import annotations

from typing import Any

import pytest

from tests import apart
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app, launch_options
from vit_explorer.ui.core.gateway import Gateway
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.listening import listening_place, no_proxies

mcp = pytest.importorskip("mcp", reason="needs Gradio's extra: pip install 'gradio[mcp]'")
CAT = {"image": "sample:cat", "model": "vit-cifar10", "fit": "crop", "top": 1}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    gateway, service = Gateway(), TrainingService(tmp_path_factory.mktemp("runs"))
    page = build_app(Session(), service, gateway)
    host, port = listening_place("127.0.0.1", 0)
    with no_proxies():
        page.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            mcp_server=True,
            **launch_options(gateway),
        )
        yield f"{page.local_url}gradio_api/mcp/"
    page.close(verbose=False)
    service.close()


async def visit(address: str) -> tuple[Any, Any, Any]:
    """The tools, a cat classified, and a picture that there is not."""
    from mcp.client.streamable_http import streamable_http_client

    async with streamable_http_client(address) as (read, write, _), mcp.ClientSession(read, write) as session:
        await session.initialize()
        tools = await session.list_tools()
        found = await session.call_tool("classify", CAT)
        return tools.tools, found, await session.call_tool("classify", CAT | {"image": "sample:nothing"})


def test_the_endpoints_are_tools(address):
    tools, found, refused = apart.run(visit(address))
    schemas = {tool.name: tool.inputSchema["properties"] for tool in tools}
    assert set(schemas) == {"models", "classify", "explain", "attention", "patches"}
    assert schemas["classify"]["fit"]["enum"] == ["crop", "letterbox"]
    assert not found.isError and "{'label': 'cat', 'probability': 0.9" in found.content[0].text
    assert refused.isError and "sample:nothing" in refused.content[0].text and refused.content[0].text.endswith(".")
