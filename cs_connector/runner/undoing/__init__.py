"""Taking a run back: as a plan first, and then only what is still as the run left it."""
