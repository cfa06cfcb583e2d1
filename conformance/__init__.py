"""Suites, reference departments and certificates (the reference city lives here)."""
