"""The only place where identities are made."""

from uuid import UUID

from uuid_utils.compat import uuid5, uuid7

_NAMESPACE = UUID("6f1d3f0e-7d0a-5c55-9d2e-4f6b1f0c2a11")


def new_id() -> UUID:
    """A fresh time-ordered id (UUIDv7, RFC 9562): index pages fill from one side."""
    return uuid7()


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, always.

    Whatever a handler creates gets its id from the fact that caused it: a repeated delivery then makes the
    same thing and not a second one, and a rebuild is identical to the original.
    """
    return uuid5(_NAMESPACE, "/".join(str(part) for part in parts))
