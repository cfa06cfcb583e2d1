"""Drafts a first mapping from what a source sends: what its columns are called, and what stands in them."""
