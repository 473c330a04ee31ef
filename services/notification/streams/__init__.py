"""The feed: every fact in one order, with a cursor. It is read page by page, or followed live."""
