"""The jobs: each declares itself, calls the engine, and fills the summary."""
