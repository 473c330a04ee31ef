"""Regular meetings (例会): an agenda built from cases, minutes, and action items that are followed up."""
