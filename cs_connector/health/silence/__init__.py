"""What stays known when nothing is heard any more: silence never improves a score."""
