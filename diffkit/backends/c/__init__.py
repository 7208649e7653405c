"""A loop program as portable C: `emit` writes the text, `spelling` has a row for each op."""
