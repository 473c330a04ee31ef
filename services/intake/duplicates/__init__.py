"""Duplicates: complaints that tell what another one tells already, found before and after registering."""
