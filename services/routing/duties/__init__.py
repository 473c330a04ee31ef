"""Duties: what leadership sets, staff acknowledge and staff propose."""
