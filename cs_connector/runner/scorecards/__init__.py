"""Scorecards as files: what is wrong with them, what a change of them would do, and what they come to."""
