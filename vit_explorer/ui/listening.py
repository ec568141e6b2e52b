"""Where the page listens, and no proxy between the program and its own page.

Gradio asks the page at its own address while it starts, and makes an HTTP client when it is imported: a proxy that the
environment names, or one that cannot be used here, would stand in the way of both.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from urllib.request import getproxies_environment

LAST_PORT = 65535
GRADIO_CHECKS = "127.0.0.1"  # Gradio wants the port free there too, whatever the address
LOCAL = ("localhost", "127.0.0.1", "::1")
TRIES = 20  # to find a port that is free at two addresses


class CannotListen(ValueError):
    """Nothing can listen at an address; the message is one line with the reason and the remedy."""


def listening_place(host: str, port: int) -> tuple[str, int]:
    """The address as Gradio takes it, IPv6 in brackets, and the port; port 0 becomes a free one.

    Raises:
        CannotListen: if the address is not one of this machine, or the port cannot be or is taken.
    """
    written = bracketed(host)
    bare = written.strip("[]")
    if not 0 <= port <= LAST_PORT:
        raise CannotListen(f"There is no port {port}: --port can be 1 to {LAST_PORT}, or 0 for any that is free.")
    for attempt in range(TRIES):
        chosen, tried = port, f"{written}:{port}"
        try:
            chosen = _bind(bare, port)
            if bare != GRADIO_CHECKS:
                tried = f"{GRADIO_CHECKS}:{chosen}"
                _bind(GRADIO_CHECKS, chosen)
        except OSError as error:
            if port == 0 and tried.startswith(GRADIO_CHECKS) and attempt < TRIES - 1:
                continue
            raise CannotListen(refusal(tried, error)) from error
        return written, chosen
    raise AssertionError("the last try returns or raises")


def bracketed(host: str) -> str:
    """An address as it stands in a URL: IPv6 in brackets."""
    bare = host.strip("[]")
    try:
        return f"[{bare}]" if ip_address(bare).version == 6 else bare
    except ValueError:  # a name
        return bare


def refusal(place: str, error: Exception) -> str:
    """Why nothing can listen there, in one line."""
    return f"cannot listen at {place} ({error}): choose another address with --host or --port."


def _bind(host: str, port: int) -> int:
    """The port to which a socket could be bound. Raises OSError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except UnicodeError as error:  # a name that no resolver would take, such as one of dots
        raise OSError(f"{host!r} is no address") from error
    with socket.socket(family, kind, protocol) as probe:
        if os.name == "posix":  # elsewhere it would let two servers share one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        return probe.getsockname()[1]


@contextmanager
def no_proxies(but_elsewhere: bool = False) -> Iterator[None]:
    """Reach addresses without the proxies of the environment; these are there again afterwards.

    Args:
        but_elsewhere: only this machine is reached without them.
    """
    before = os.environ.get("no_proxy")
    known = getproxies_environment().get("no", "")
    os.environ["no_proxy"] = ",".join(filter(None, [known, *LOCAL])) if but_elsewhere else "*"
    try:
        yield
    finally:
        if before is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = before
