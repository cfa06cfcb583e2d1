"""Certificates: what a connection was shown to do, signed, expiring, revocable, and bound to what is running."""
