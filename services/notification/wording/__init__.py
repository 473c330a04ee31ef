"""How things are said to customers."""
