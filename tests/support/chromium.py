"""A headless Chromium for tests: Debian's package, installed when missing and we may; without the internet."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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


def _run(url: str, profile: Path, *options: str) -> str:
    words = [browser(), *FLAGS, f"--user-data-dir={profile}", *options, url]
    ended = subprocess.run(words, check=True, capture_output=True, timeout=START_S)
    return ended.stdout.decode("utf-8")
