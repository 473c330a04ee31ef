"""Bulk import: a file of complaints, streamed in, registered row by row, and accounted for row by row."""
