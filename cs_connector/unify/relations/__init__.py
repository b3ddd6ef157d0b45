"""What relationships are declared to be, what they are made of, and what hangs on them."""
