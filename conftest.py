"""Puts the repository's root on the import path, and lets no property fail for being slow."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["tests.support.servers_plugin", "tests.support.tally_plugin"]

settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("whole")  # how long an example takes says how busy the machine is, and nothing of the code
