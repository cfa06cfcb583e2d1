"""Fetches the files that cases name, verifies them, and keeps them by digest."""
