"""Free words of customers, sealed: they may say anything about anybody."""

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.config import Settings
from shared.database import Database
from shared.seal import Seal


def equip(database: Database, settings: Settings) -> None:
    """Give every connection of the service the seal of what customers wrote in surveys."""
    database.equip(survey_words=Seal(settings.installation_secret, "notification/survey-words"))


def seal_of(connection: AsyncConnection) -> Seal:
    assert connection.sync_connection is not None
    seal: Seal = connection.sync_connection.get_execution_options()["survey_words"]
    return seal
