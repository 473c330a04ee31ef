"""The complaint that a request names by its id."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.record.model import Record
from services.intake.record.store import load
from shared import problems
from shared.problems import Problem

ComplaintId = Annotated[UUID, Path(description="Id that registering answered with.")]


def unknown() -> Problem:
    return problems.not_found("complaint", "path/complaint_id")


async def record(connection: AsyncConnection, complaint_id: UUID) -> Record:
    """Its record as it stands. Raises a 404 problem."""
    return existing((await load(connection, [complaint_id]))[complaint_id])


def existing(record: Record) -> Record:
    """The record, if there is such a complaint. Raises a 404 problem."""
    if not record.row:
        raise unknown()
    return record
