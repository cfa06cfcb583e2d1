"""Measures how much of what is personal in free text is found: a generated corpus, and a hub's own where it has one."""
