"""The rulebooks of notification. Each room adds its own."""

from collections.abc import Sequence
from typing import Any

from services.notification.briefings.book import BRIEFINGS
from services.notification.hearing.book import WHO_HEARS_WHAT
from services.notification.providers.book import PROVIDERS
from services.notification.schedule import SCHEDULE
from services.notification.surveys.book import SURVEYS
from shared.reply_policy import REPLY_POLICY
from shared.rulebooks import Book

BOOKS: Sequence[Book[Any]] = (BRIEFINGS, PROVIDERS, REPLY_POLICY, SCHEDULE, SURVEYS, WHO_HEARS_WHAT)
