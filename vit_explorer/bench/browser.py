"""A running app and a real Chromium, for measures and browser tests."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vit_explorer.bench.missing import NotMeasured

if TYPE_CHECKING:
    from playwright.sync_api import Browser, PlaywrightContextManager

APP = Path(__file__).resolve().parents[2] / "app.py"
HEADLESS_SHELL = "chromium-headless-shell"  # has no windows: it draws the same pages with less work
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", HEADLESS_SHELL)
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",  # a camera that shows a moving test image, allowed without asking
    "--use-fake-device-for-media-stream",
)
START_LIMIT = 120.0  # seconds


class NoBrowser(NotMeasured):
    """Playwright or Chromium is missing; the message names the missing one."""


def find_chromium(*preferred: str) -> str:
    """Path of a Chromium on the PATH, one of these names first, or of Playwright. Raises NoBrowser."""
    found = next((path for name in (*preferred, *CHROMIUM_NAMES) if (path := shutil.which(name))), None)
    if found is not None:
        return found
    with _playwright()() as playwright:
        own = Path(playwright.chromium.executable_path)
    if not own.exists():
        raise NoBrowser(f"no Chromium was found (looked for {', '.join(CHROMIUM_NAMES)} and Playwright's own)")
    return str(own)


def _playwright() -> Callable[[], PlaywrightContextManager]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise NoBrowser("playwright is not installed (it is in requirements-dev.txt)") from error
    return sync_playwright


@contextmanager
def chromium(*preferred: str) -> Iterator[Browser]:
    """A headless Chromium, one of these names if there is one, closed at the end."""
    path = find_chromium(*preferred)
    with _playwright()() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_app(
    *flags: str,
    log: list[str] | None = None,
    processes: list[subprocess.Popen[str]] | None = None,
    program: Sequence[str] = (str(APP),),
) -> Iterator[str]:
    """Start app.py on a free port, yield the address, and stop the app at the end.

    Args:
        log: receives what the app printed, once it has ended.
        processes: receives the app's process.
        program: what Python runs, in place of app.py.
    Raises:
        RuntimeError: if it ends by itself or does not answer in time; the message holds what it printed.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, *program, "--port", str(port), *flags],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            if processes is not None:
                processes.append(process)
            wait_until_answering(address, process)
            yield address
        except TimeoutError as error:
            output.seek(0)
            raise RuntimeError(f"app.py did not answer ({error}):\n{output.read()}") from error
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if log is not None:
                output.seek(0)
                log.append(output.read())


def wait_until_answering(address: str, process: subprocess.Popen[str]) -> None:
    """Wait for an answer with status 200.

    Raises TimeoutError if the process ends or takes too long.
    """
    began = time.monotonic()
    while time.monotonic() - began < START_LIMIT:
        if process.poll() is not None:
            raise TimeoutError(f"it ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise TimeoutError(f"nothing within {START_LIMIT:.0f} s")
