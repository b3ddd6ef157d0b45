"""What becomes of a reading that does not go as usual: connections that stop, objects that are withdrawn, broken records."""
