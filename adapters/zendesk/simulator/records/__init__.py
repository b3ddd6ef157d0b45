"""Records of every kind: kept, listed, shown and checked."""
