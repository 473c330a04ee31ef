"""What the other services tell for a briefing, asked at the moment of making."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.notification.briefings.book import BriefingRow, BriefingTable, Section, Title
from services.notification.briefings.model import (
    BriefingAttention,
    BriefingContent,
    BriefingReport,
    NewestComplaint,
    Voice,
    asks_insights,
    asks_resolution,
    worth_quoting,
)
from shared.events.vocabulary import Against, Language
from shared.service import Context

LONGEST_QUOTE = 280
"""Characters; a longer one ends in an ellipsis."""
ASKED_FOR_QUOTES = 8
OF_INSIGHTS = (Section.NUMBERS, Section.CATEGORIES, Section.CONVERSION, Section.VOICES)
OF_RESOLUTION = (Section.SEVERE, Section.OVERDUE)


class SourceMissing(Exception):
    """A service did not answer as it should: ask it again later. Names what the briefing would lack."""

    def __init__(self, sections: Sequence[Section], why: str) -> None:
        super().__init__(f"a briefing lacks {', '.join(sections)}: {why}")
        self.sections = tuple(sections)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ReaderGroup(_Answer):
    """People who read the same briefing."""

    department: str | None
    name: Title | None
    people: tuple[str, ...]


class _Statement(_Answer):
    what_went_wrong: str
    feeling: str | None = None


class _Told(_Answer):
    reference: str
    language: Language
    against: Against
    statement: _Statement


class _Newest(_Answer):
    newest: tuple[NewestComplaint, ...]


_GROUPS = TypeAdapter(list[ReaderGroup])


class Sources:
    """Asks the other services with the least scopes that do."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def groups(self, row: BriefingRow, named: Sequence[str] = ()) -> list[ReaderGroup]:
        """Who reads it, by department where there is one for each. `named`: people who read it, too.

        Raises SourceMissing.
        """
        query = [("each_department", str(row.each_department).lower())]
        query += [("role", role) for role in row.roles]
        query += [("person", person) for person in (*row.persons, *named)]
        path = f"/routing/v1/audiences/{row.audience}/people?{urlencode(query)}"
        try:
            found = _GROUPS.validate_python(await self._context.ask("routing", path, "directory:contacts"))
        except (httpx.HTTPError, OSError, ValidationError) as error:
            raise SourceMissing(row.sections, type(error).__name__) from None
        return [group for group in found if not row.departments or group.department in row.departments]

    async def content(
        self,
        row: BriefingRow,
        table: BriefingTable,
        since: datetime,
        until: datetime,
        department: str | None,
        *,
        patient: bool,
    ) -> tuple[BriefingContent, list[Voice]]:
        """What happened. Patient: raises SourceMissing when something cannot be had. Else it is left out, and the
        content says so."""
        span = {"since": since.isoformat(), "until": until.isoformat()}
        span |= {"department": department} if department else {}
        report: BriefingReport | None = None
        attention: BriefingAttention | None = None
        voices: list[Voice] = []
        missing: list[SourceMissing] = []
        if asks_insights(row.sections):
            try:
                report, newest = await self._report(row, table, span)
                voices = await self._voices(newest, table.voices) if Section.VOICES in row.sections else []
            except SourceMissing as error:
                missing.append(error)
        if asks_resolution(row.sections):
            try:
                attention = await self._attention(span)
            except SourceMissing as error:
                missing.append(error)
        if missing and patient:
            raise missing[0]
        lacking = {section for each in missing for section in each.sections}
        return (
            BriefingContent(
                report=report,
                attention=attention,
                lacking=tuple(section for section in row.sections if section in lacking),
            ),
            voices,
        )

    async def _report(
        self, row: BriefingRow, table: BriefingTable, span: dict[str, str]
    ) -> tuple[BriefingReport, tuple[NewestComplaint, ...]]:
        path = f"/insights/v1/periods?{urlencode(span | {'zone': row.zone})}"
        try:
            answer = await self._context.ask("insights", path, "measures:read")
            report, newest = BriefingReport.model_validate(answer), _Newest.model_validate(answer).newest
        except (httpx.HTTPError, OSError, ValidationError) as error:
            raise SourceMissing(OF_INSIGHTS, type(error).__name__) from None
        return report.model_copy(update={"categories": report.categories[: table.categories]}), newest

    async def _attention(self, span: dict[str, str]) -> BriefingAttention:
        path = f"/resolution/v1/attention?{urlencode(span)}"
        try:
            return BriefingAttention.model_validate(await self._context.ask("resolution", path, "cases:read"))
        except (httpx.HTTPError, OSError, ValidationError) as error:
            raise SourceMissing(OF_RESOLUTION, type(error).__name__) from None

    async def _voices(self, newest: Sequence[NewestComplaint], most: int) -> list[Voice]:
        """Nobody is quoted who complains about a person: that one may read it."""
        found: list[Voice] = []
        for each in worth_quoting(newest, ASKED_FOR_QUOTES):
            if len(found) == most:
                break
            told = await self._told(each.complaint_id)
            if told is not None and told.against is not Against.PERSON:
                text = told.statement.feeling or told.statement.what_went_wrong
                found.append(Voice(each.complaint_id, told.reference, told.language, _shortened(text)))
        return found

    async def _told(self, complaint_id: UUID) -> _Told | None:
        """What intake shows, masked; None when it does not know it, as after an import."""
        path = f"/intake/v1/complaints/{complaint_id}"
        try:
            return _Told.model_validate(await self._context.ask("intake", path, "complaints:read"))
        except httpx.HTTPStatusError as error:
            if error.response.status_code == 404:
                return None
            raise SourceMissing([Section.VOICES], f"intake answers {error.response.status_code}") from None
        except (httpx.HTTPError, OSError, ValidationError) as error:
            raise SourceMissing([Section.VOICES], type(error).__name__) from None


def _shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_QUOTE else plain[: LONGEST_QUOTE - 1].rstrip() + "…"
