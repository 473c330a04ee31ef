"""Recurrences (再发投诉): the same thing told again, by other customers, in nearly the same words."""
