"""Directory: the four layers of people."""

from services.routing.directory.model import Department, Directory, Person

__all__ = ["Department", "Directory", "Person"]
