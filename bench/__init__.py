"""Measurements, with the scripts that repeat them: `make bench`. What came out is in docs/performance.md."""
