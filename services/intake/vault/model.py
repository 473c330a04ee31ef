"""The words of the vault. Pure."""

from enum import StrEnum


class What(StrEnum):
    """Which personal data was read."""

    CONTACT = "contact"
    ATTACHMENT = "attachment"
    THUMBNAIL = "thumbnail"
    EXPORT = "export"
