"""What it costs, held against a floor measured in the same run; and the long counted runs (bench.soak)."""
