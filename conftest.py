"""Puts the repository's root on the import path, so that tests share builders as `tests.support`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["tests.support.servers_plugin"]
