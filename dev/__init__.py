"""What a developer starts by hand: nothing here is imported by a service."""
