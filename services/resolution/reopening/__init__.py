"""A closed case is taken up again, within a window."""
