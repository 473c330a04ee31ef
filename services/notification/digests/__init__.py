"""Several messages to one person in one letter."""
