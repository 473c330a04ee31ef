"""The record: what was told, what later contacts added to it, and what there is still to ask."""
