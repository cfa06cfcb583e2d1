"""Writes figures down: spreadsheets, the printable monthly report and its PDF."""
