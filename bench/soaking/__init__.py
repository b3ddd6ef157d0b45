"""What the long counted runs share, and one file for each kind."""
