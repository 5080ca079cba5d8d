"""What was found: a function from answers to a named table for each question."""
