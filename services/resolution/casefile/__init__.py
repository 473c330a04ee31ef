"""The file of a case: everything that happened, as data and as paper."""
