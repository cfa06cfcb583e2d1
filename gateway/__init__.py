"""FastAPI edge: queries, feed, health and the console."""
