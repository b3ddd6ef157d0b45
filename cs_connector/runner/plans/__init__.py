"""Plans as files: made once, looked at, and applied exactly as they are, or not at all."""
