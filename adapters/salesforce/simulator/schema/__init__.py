"""Objects, fields, and who sees them."""
