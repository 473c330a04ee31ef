"""The rulebooks of intake. Each room adds its own."""

from collections.abc import Sequence
from typing import Any

from shared.reply_policy import REPLY_POLICY
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (REPLY_POLICY,)
