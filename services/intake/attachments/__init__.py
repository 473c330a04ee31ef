"""Attachments: what comes with a complaint as a file. Streamed in, checked by content, kept apart, handed out."""
