"""Who is who across runs: what people decided, and the report."""
