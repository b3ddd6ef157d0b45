"""What the bench of sync stands on: ways to read tickets, the loops they are held against, and CRMs without end."""
