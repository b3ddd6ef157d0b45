"""Events for apps on this machine."""
