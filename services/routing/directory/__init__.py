"""Directory: the four layers of people, and who may get a case."""

from services.routing.directory.model import Choice, Department, Directory, Person

__all__ = ["Choice", "Department", "Directory", "Person"]
