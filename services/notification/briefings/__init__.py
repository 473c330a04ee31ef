"""Briefings (简报): what an audience should know of a day or a week, made once and sent to its readers."""
