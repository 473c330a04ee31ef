"""Fairness to the person complained about: told, heard, marked, and judged again by somebody independent."""
