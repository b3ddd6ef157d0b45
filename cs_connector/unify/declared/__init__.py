"""What a customer declares for the mappings: overlays, look-ups, formulas, units, rates, precedence. All of it is files."""
