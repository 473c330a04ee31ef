"""Rulebooks: the tables by which a service decides. They are data with versions, which an administrator edits."""

from shared.rulebooks.model import Book, Books

__all__ = ["Book", "Books"]
