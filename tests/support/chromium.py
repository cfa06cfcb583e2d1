"""A headless Chromium for tests: Debian's package, installed when missing and we may; without the internet."""

from __future__ import annotations

import base64
import functools
import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from itertools import count
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""The last one makes every other host unknown: a page that needs one fails here as it would on a closed network."""

PACKAGES: Final = ("chromium", "fonts-noto-cjk")
"""The browser, and a face that has the characters."""

START_S: Final = 90
"""Seconds a cold browser may take on a busy machine."""

HEIGHT: Final = 844
"""Pixels of a common phone's screen, from top to bottom."""

WIDTHS: Final = """document.readyState === "complete" && location.protocol !== "about:"
  ? [document.documentElement.clientWidth, document.documentElement.scrollWidth] : null"""
"""Tells, once the page is there, how wide its screen is and how wide it is."""


@functools.cache
def browser() -> str:
    """Return the path of Chromium, installing it first where it is missing."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        _install()
        found = shutil.which("chromium")
    assert found, "no chromium: install it (apt-get install chromium fonts-noto-cjk)"
    return found


def _install() -> None:
    sudo = () if os.geteuid() == 0 else ("sudo", "-n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", *PACKAGES)):
        subprocess.run([*sudo, "apt-get", *words], check=True, capture_output=True, env=environment)


def dom(url: str, profile: Path, *, wait_ms: int = 3000) -> str:
    """Return the page as it stands after its scripts have run for `wait_ms` of the browser's own time."""
    return _run(url, profile, "--dump-dom", f"--virtual-time-budget={wait_ms}")


def shot(url: str, profile: Path, picture: Path, *, width: int = 1440, height: int = 1200) -> bytes:
    """Take a picture of a page; return its PNG bytes."""
    _run(url, profile, f"--screenshot={picture}", f"--window-size={width},{height}")
    return picture.read_bytes()


def widths(url: str, profile: Path, *, width: int) -> tuple[int, int]:
    """Return how wide a screen the page is given, and how wide it is: where that is more it scrolls sideways."""
    with _piped(profile) as ask:
        target = ask("Target.createTarget", url="about:blank")["targetId"]
        session = ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        screen = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        ask("Emulation.setDeviceMetricsOverride", session, **screen)
        ask("Page.navigate", session, url=url)
        while True:
            found = ask("Runtime.evaluate", session, expression=WIDTHS, returnByValue=True)
            if found["result"].get("value"):
                inner, outer = found["result"]["value"]
                return int(inner), int(outer)


class Visit:
    """A page that somebody works with, as a person would: without the page's own scripts there is only the form."""

    def __init__(self, ask: Callable[..., dict[str, Any]], *, width: int = 1200, scripts: bool = False) -> None:
        self._ask = ask
        target = ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        screen = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        ask("Emulation.setDeviceMetricsOverride", self._session, **screen)
        ask("Emulation.setScriptExecutionDisabled", self._session, value=not scripts)

    def go(self, url: str) -> None:
        """Open an address."""
        self._ask("Page.navigate", self._session, url=url)

    def tell(self, expression: str) -> Any:
        """Return what an expression gives in the page as it is now; None while it gives nothing."""
        found = self._ask("Runtime.evaluate", self._session, expression=expression, returnByValue=True)
        return found["result"].get("value")

    def await_(self, expression: str) -> Any:
        """Return what an expression gives as soon as it gives something."""
        while True:
            try:
                found = self.tell(f'document.readyState === "complete" && ({expression})')
            except AssertionError:  # the page is just being replaced
                continue
            if found:
                return found

    def shoot(self, picture: Path) -> None:
        """Keep a picture of the whole page."""
        shown = self._ask("Page.captureScreenshot", self._session, captureBeyondViewport=True)
        picture.write_bytes(base64.b64decode(shown["data"]))


@contextmanager
def visiting(profile: Path, *, width: int = 1200) -> Iterator[Visit]:
    """Open a browser without scripts, to work with pages in."""
    with _piped(profile) as ask:
        yield Visit(ask, width=width)


@contextmanager
def _piped(profile: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Start a browser that takes commands (its DevTools protocol) through pipes: its descriptors 3 and 4."""
    (its_in, our_out), (our_in, its_out) = os.pipe(), os.pipe()
    line = f'exec "$@" 3<&{its_in} 4>&{its_out}'
    words = [browser(), *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    started = subprocess.Popen(
        ["bash", "-c", line, "bash", *words], pass_fds=(its_in, its_out), stderr=subprocess.DEVNULL
    )
    os.close(its_in)
    os.close(its_out)
    with os.fdopen(our_out, "wb", buffering=0) as out, os.fdopen(our_in, "rb") as answers:
        late = threading.Timer(START_S, started.kill)
        late.start()
        try:
            yield _asker(out, answers)
        finally:
            late.cancel()
            started.kill()
            started.wait(START_S)


def _asker(out: IO[bytes], answers: IO[bytes]) -> Callable[..., dict[str, Any]]:
    """Return how to give a command and wait for what it gives."""
    numbers = count(1)

    def ask(method: str, session: str = "", **params: Any) -> dict[str, Any]:
        number = next(numbers)
        words = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        out.write(json.dumps(words).encode() + b"\0")
        while True:
            answer = json.loads(_until_nul(answers))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    return ask


def _until_nul(answers: IO[bytes]) -> bytes:
    message = b"".join(iter(lambda: answers.read(1).rstrip(b"\0"), b""))
    assert message, "the browser is gone"
    return message


def _run(url: str, profile: Path, *options: str) -> str:
    words = [browser(), *FLAGS, f"--user-data-dir={profile}", *options, url]
    ended = subprocess.run(words, check=True, capture_output=True, timeout=START_S)
    return ended.stdout.decode("utf-8")
