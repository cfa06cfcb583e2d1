"""The model: identifiers, documents, shapes, and the values that the use-cases pass to one another. Pure."""
