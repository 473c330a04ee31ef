"""Merging: complaints about one matter go on as one case, and every reporter stays informed."""
