"""Pages that management reads in a browser: one question each, with charts and the numbers of the API."""
