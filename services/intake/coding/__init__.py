"""Coding: where a person puts a complaint in the taxonomy, and what the customer holds dear."""
