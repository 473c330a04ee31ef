"""Rulebooks: the tables by which routing decides. They are data with versions, which an administrator edits."""

from services.routing.rulebooks.model import Book, Books

__all__ = ["Book", "Books"]
