"""Who hears what, as data."""
