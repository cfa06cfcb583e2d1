"""The typed check of mapping files: what parses may still say nothing, lose something, or contradict its source."""
