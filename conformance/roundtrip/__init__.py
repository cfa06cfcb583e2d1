"""The complaint round trip 投诉往返: what the suite's own centre sends, and what the department answers."""
