"""Triage: category and severity. Rules first; what they cannot tell goes to a person."""
