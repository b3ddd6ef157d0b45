"""What is wanted against what the CRMs say: the changes of a plan, and those that stay out of it."""
