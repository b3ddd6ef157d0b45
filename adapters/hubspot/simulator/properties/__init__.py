"""Properties and what belongs to them."""
