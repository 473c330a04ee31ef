"""Emerging topics (新问题): what is suddenly told in words, before anybody has a category for it."""
