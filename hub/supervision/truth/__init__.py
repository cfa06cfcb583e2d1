"""Measures how truthfully departments report 真实性: for people's review, never for an alert or a score."""
