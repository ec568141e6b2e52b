"""Where the page listens: addresses, ports and proxies."""

from __future__ import annotations

import os
import socket

import httpx
import pytest

from vit_explorer.ui.listening import CannotListen, bracketed, listening_place, no_proxies


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        *(pytest.param(host, f"[{host.strip('[]')}]", marks=IPV6) for host in ("::1", "[::1]", "::")),
    ],
)
def test_an_address_is_written_as_in_a_url_with_a_free_port(host, written):
    found, port = listening_place(host, 0)
    assert found == written and 0 < port < 65536
    assert listening_place(host, port) == (written, port)


def test_what_is_no_address_stays_as_it_was_written():
    assert bracketed("http://x") == "http://x" and bracketed("[::1") == "[::1]"


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=IPV6)])
def test_a_port_taken_at_one_of_the_two_addresses_is_named_with_it(host):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{port} .*--port"):
            listening_place(host, port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "http://x", "..", "256.1.1.1", "x" * 300])
def test_what_is_no_address_of_this_machine_is_one_line(host):
    with pytest.raises(CannotListen) as refused:
        listening_place(host, 0)
    assert "--host" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("port", [70000, 65536, -1])
def test_a_port_out_of_range_is_said_with_the_range(port):
    with pytest.raises(CannotListen, match="65535"):
        listening_place("127.0.0.1", port)


@pytest.mark.parametrize("before", [None, "example.org"])
def test_proxies_are_left_out_and_come_back(before, monkeypatch):
    for name in ("no_proxy", "NO_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    if before is not None:
        monkeypatch.setenv("no_proxy", before)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")  # httpx cannot use one here
    with no_proxies():
        httpx.Client().close()
    assert os.environ.get("no_proxy") == before
    with no_proxies(but_elsewhere=True):
        assert {"localhost", "127.0.0.1", "::1"} <= set(os.environ["no_proxy"].split(","))
        assert before is None or before in os.environ["no_proxy"]
    assert os.environ.get("no_proxy") == before
