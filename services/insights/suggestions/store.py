"""Table of suggestions. A job makes them and people decide, so they stay when the read tables are made again."""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.insights.store import metadata
from services.insights.suggestions.model import LIVE, Suggestion, SuggestionAction, SuggestionState
from shared.bulk import columns_of, save_rows
from shared.database import Transaction
from shared.events.learning import SuggestionKind, SuggestionSource

MOMENT = DateTime(timezone=True)


def _one_of(words: Iterable[str]) -> str:
    return "({})".format(", ".join(f"'{word}'" for word in sorted(words)))


suggestions = Table(
    "suggestions",
    metadata,
    Column(
        "id", Uuid, primary_key=True, comment="derived from what is suggested, and how often it was before"
    ),
    Column("version", Integer, nullable=False, comment="counts the changes"),
    Column("complaint_id", Uuid, nullable=False, comment="the newest that speaks for it"),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", ARRAY(Text), nullable=False, comment="what it is about; see model.SUBJECTS"),
    Column("words_en", Text, nullable=False),
    Column("words_zh", Text, nullable=False),
    Column("events", Integer, nullable=False),
    Column("cases", Integer, comment="of so many; null: counted by days"),
    Column("low", Float, comment="of the interval of the share"),
    Column("high", Float),
    Column("days", Integer, nullable=False, comment="in which it was counted"),
    Column("evidence", ARRAY(Uuid), nullable=False, comment="complaints, the newest first"),
    Column("rules_version", Integer, nullable=False, comment="of the rulebook suggestions"),
    Column("made_at", MOMENT, nullable=False),
    Column("state", Text, nullable=False),
    Column("action", Text),
    Column("improvement_id", Uuid),
    Column("title", Text, comment="of the improvement or the change; masked"),
    Column("problem", Text, comment="what is wrong, or what is to change; masked"),
    Column("reason", Text, comment="why it was declined; masked"),
    Column("decided_by", Text),
    Column("decided_at", MOMENT),
    Column("reference", Text, comment="of what was changed; masked"),
    Column("in_force_on", Date),
    Column("carried_out_by", Text),
    Column("carried_out_at", MOMENT),
    Column("effective", Boolean),
    Column("judgement", Text, comment="masked"),
    Column("numbers", JSONB, comment="what lay before whoever judged"),
    Column("judged_by", Text),
    Column("judged_at", MOMENT),
    CheckConstraint("version > 0", name="version"),
    CheckConstraint(f"source IN {_one_of(SuggestionSource)}", name="source"),
    CheckConstraint(f"kind IN {_one_of(SuggestionKind)}", name="kind"),
    CheckConstraint(f"state IN {_one_of(SuggestionState)}", name="state"),
    CheckConstraint(f"action IN {_one_of(SuggestionAction)}", name="action"),
    CheckConstraint("events > 0 AND events <= coalesce(cases, events) AND days > 0", name="counts"),
    CheckConstraint("cardinality(evidence) BETWEEN 1 AND 50 AND cardinality(subject) = 2", name="evident"),
    CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
    CheckConstraint("num_nonnulls(decided_by, decided_at) IN (0, 2)", name="decided_by_somebody"),
    CheckConstraint("(state = 'declined') = (reason IS NOT NULL)", name="declined_with_reason"),
    CheckConstraint("(state IN ('open', 'declined')) = (action IS NULL)", name="accepted_with_action"),
    CheckConstraint("num_nonnulls(action, title, problem) IN (0, 3)", name="says_what"),
    CheckConstraint(
        "(improvement_id IS NOT NULL) = coalesce(action = 'improvement', false)", name="improvement"
    ),
    CheckConstraint(
        "num_nonnulls(reference, in_force_on, carried_out_by, carried_out_at) IN (0, 4)", name="changed"
    ),
    CheckConstraint("state <> 'carried_out' OR carried_out_at IS NOT NULL", name="carried_out"),
    CheckConstraint(
        "num_nonnulls(effective, judgement, numbers, judged_by, judged_at) IN (0, 5)", name="judgement"
    ),
    CheckConstraint("(state = 'judged') = (judged_at IS NOT NULL)", name="judged"),
    comment="what complaints suggest to change, and what became of it",
)
Index("ix_suggestions_newest", suggestions.c.made_at, suggestions.c.id)
Index(
    "uq_suggestions_live",
    suggestions.c.source,
    suggestions.c.subject,
    unique=True,
    postgresql_where=suggestions.c.state.in_(sorted(LIVE)),
)

FIELDS = columns_of(suggestions)
_values_of = attrgetter(*FIELDS)
_ENUMS: Mapping[str, type[Any]] = {
    "source": SuggestionSource,
    "kind": SuggestionKind,
    "state": SuggestionState,
    "action": SuggestionAction,
}


def suggestion_of(row: Mapping[Any, Any]) -> Suggestion:
    given = {name: row[name] for name in FIELDS}
    for name, kind in _ENUMS.items():
        given[name] = kind(given[name]) if given[name] is not None else None
    return Suggestion(**given | {"subject": tuple(row["subject"]), "evidence": tuple(row["evidence"])})


async def load(connection: AsyncConnection, suggestion_id: UUID, *, hold: bool = False) -> Suggestion | None:
    """None when there is no such one. `hold`: until the end of the transaction nobody else changes it."""
    query = select(suggestions).where(suggestions.c.id == suggestion_id)
    row = (await connection.execute(query.with_for_update() if hold else query)).mappings().first()
    return suggestion_of(row) if row else None


async def save(transaction: Transaction, changed: Iterable[Suggestion]) -> None:
    """With `version` raised by one, and what they tell."""
    saved = list(changed)
    await transaction.lock({each.complaint_id for each in saved})
    for each in saved:
        each.version += 1
        each.publish_to(transaction)
    rows = [dict(zip(FIELDS, _values_of(each), strict=True)) for each in saved]
    await save_rows(transaction, suggestions, rows)
