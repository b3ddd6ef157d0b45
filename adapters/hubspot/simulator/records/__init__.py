"""Records of every kind: kept, found, shown and written."""
