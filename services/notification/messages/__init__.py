"""What a customer was told, to read again: the inbox of an app, opened with the tracking token."""
