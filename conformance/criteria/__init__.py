"""Continuous conformance: thirteen criteria that live traffic is held to after a connection was certified."""
