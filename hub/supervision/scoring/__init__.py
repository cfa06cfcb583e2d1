"""Scores departments from inputs that can be frozen: indicator sets as data, exact arithmetic, a line a point."""
