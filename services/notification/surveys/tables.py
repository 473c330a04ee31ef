"""Tables of surveys. What must never be untrue, the database refuses."""

from typing import NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

_MOMENT = DateTime(timezone=True)


class Tables(NamedTuple):
    surveys: Table
    answers: Table
    customers: Table
    phones: Table


def add_tables(metadata: MetaData) -> Tables:
    surveys = Table(
        "surveys",
        metadata,
        Column("id", Uuid, primary_key=True, comment="follows from the cause: nobody is asked twice"),
        Column("version", Integer, nullable=False, comment="counts the saved changes"),
        Column("complaint_id", Uuid, nullable=False),
        Column("questionnaire", Text, nullable=False),
        Column(
            "book_version", Integer, nullable=False, comment="of the rulebook that holds the questionnaire"
        ),
        Column("about", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("planned_at", _MOMENT, nullable=False),
        Column("follow_up_id", Uuid, comment="first request for an opinion on the result that it is about"),
        Column("opened_at", _MOMENT, comment="when it was sent"),
        Column("reminded_at", _MOMENT),
        Column("answered_at", _MOMENT, comment="when the last answer came"),
        Column("ended_at", _MOMENT),
        Column("ended", Text, comment="why it is over without being complete"),
        Column("wakes_at", _MOMENT, comment="when it is sent, reminded of or closed by itself"),
        CheckConstraint("about IN ('case', 'process')", name="about"),
        CheckConstraint("state IN ('planned', 'open', 'answered', 'closed')", name="state"),
        CheckConstraint(
            "ended IN ('time', 'superseded', 'withdrawn', 'resting', 'erased')",
            name="ended",
        ),
        CheckConstraint("(state IN ('planned', 'open')) = (wakes_at IS NOT NULL)", name="wakes"),
        CheckConstraint("(state IN ('answered', 'closed')) = (ended_at IS NOT NULL)", name="ended_at"),
        CheckConstraint("(state = 'closed') = (ended IS NOT NULL)", name="closed"),
        CheckConstraint("state <> 'planned' OR opened_at IS NULL", name="planned"),
        CheckConstraint("state NOT IN ('open', 'answered') OR opened_at IS NOT NULL", name="opened"),
        CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name="answered"),
        Index("ix_surveys_complaint", "complaint_id"),
        Index("ix_surveys_opened", "questionnaire", "opened_at"),
        comment="A questionnaire, sent to one customer about one complaint.",
    )
    Index("ix_surveys_wakes", surveys.c.wakes_at, postgresql_where=surveys.c.wakes_at.is_not(None))
    answers = Table(
        "survey_answers",
        metadata,
        Column("survey_id", Uuid, ForeignKey("surveys.id"), primary_key=True),
        Column("question", Text, primary_key=True, comment="the first answer stays"),
        Column("value", JSONB, comment="empty: passed over, or words"),
        Column("words", Text, comment="free words, sealed; '' once erased"),
        Column("by", Text, nullable=False),
        Column("at", _MOMENT, nullable=False),
        CheckConstraint("num_nonnulls(value, words) <= 1", name="one"),
        CheckConstraint("by IN ('link', 'phone', 'reply')", name="by"),
        comment="The words are personal data, and sealed.",
    )
    customers = Table(
        "survey_customers",
        metadata,
        Column("complaint_id", Uuid, primary_key=True),
        Column("customer_id", Uuid, nullable=False, index=True, comment="opaque; intake knows who it is"),
        comment="Whose complaint it is, so that one customer is not invited again and again.",
    )
    phones = Table(
        "survey_phones",
        metadata,
        Column("survey_id", Uuid, ForeignKey("surveys.id"), primary_key=True),
        Column(
            "phone",
            LargeBinary,
            primary_key=True,
            index=True,
            comment="keyed digest of the number to which it was sent: nobody can read it",
        ),
        comment="To find the survey to which a text message answers.",
    )
    return Tables(surveys, answers, customers, phones)
