"""Personal data at rest: sealed, read only with a purpose that is written down, exported and erased."""
