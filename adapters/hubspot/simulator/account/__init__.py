"""What belongs to the portal as a whole."""
