"""May it be done? Limits, what is usual, and what a person has allowed."""
