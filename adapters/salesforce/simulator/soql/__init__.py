"""What the org understands of SOQL."""
