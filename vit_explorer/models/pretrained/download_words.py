"""Sentences for downloads that fail."""

from __future__ import annotations

import errno
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

SILENCE = 30.0  # seconds without a byte after which a connection counts as broken
MEGABYTE = 10**6
GONE = (404, 410)
TEMPORARY = (408, 425, 429, 500, 502, 503, 504)


def http_sentence(code: int, url: str) -> str:
    """The sentence for an answer without a file."""
    if code in GONE:
        return f"The address {url} is gone ({code}): the file has moved or was taken away."
    if code == 407:
        return f"The proxy {_proxy(url)} asks for a name and a password (407): put them into its address."
    if code in TEMPORARY:
        return f"The server {host_of(url)} cannot serve the file at the moment ({code}): try again later."
    return f"The server {host_of(url)} refuses to send {url} ({code})."


def connection_sentence(error: Exception, url: str) -> tuple[str, bool]:
    """The sentence for a failed connection, and whether another attempt may help."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    proxy = _proxy(url)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"The certificate of {host_of(url)} cannot be verified: {reason.verify_message}.", False
    if proxy is not None:
        return f"The proxy {proxy} gives no connection to {host_of(url)}: {reason}.", True
    if isinstance(reason, TimeoutError):
        return f"The server {host_of(url)} has not answered for {SILENCE:.0f} seconds.", True
    return f"The computer that runs ViT Explorer has no connection to {host_of(url)}.", True


def disk_sentence(error: OSError, target: Path) -> str:
    """The sentence for a file that cannot be written."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"The disk is full: {target.name} does not fit into {target.parent}. What has arrived was kept."
    return f"The file {target} cannot be written: {error.strerror or error}."


def stopped_sentence(received: int) -> str:
    """The sentence for a download that was stopped after so many bytes."""
    return f"Stopped at {amount(received)}; the next download goes on from there."


def _proxy(url: str) -> str | None:
    """The proxy for an address, without the password in it."""
    parts = urllib.parse.urlsplit(url)
    found = urllib.request.getproxies().get(parts.scheme)
    if found is None or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    proxy = urllib.parse.urlsplit(found if "//" in found else f"//{found}")
    return proxy.netloc.rpartition("@")[2]


def host_of(url: str) -> str:
    """The server in an address."""
    return urllib.parse.urlsplit(url).netloc


def amount(n_bytes: int) -> str:
    """A number of bytes for people."""
    return f"{n_bytes / MEGABYTE:.1f} MB"
