"""Findings: what is unowned or untrained, looked for on schedule."""
