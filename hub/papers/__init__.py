"""Draws papers 文书 from their content: DOCX and PDF, the same bytes for the same content."""
