"""Tables of listening: contacts, the emotions of a case, scorecards."""

from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.resolution.listening.contact import Means
from services.resolution.listening.mood import FeltIn
from shared.events.vocabulary import Emotion

MOMENT = DateTime(timezone=True)


def _one_of(*values: str) -> str:
    return "({})".format(", ".join(f"'{value}'" for value in sorted(values)))


class Tables(NamedTuple):
    feelings: Table
    contacts: Table
    scorecards: Table


def add_tables(metadata: MetaData) -> Tables:
    feelings = Table(
        "feelings",
        metadata,
        Column("contact_id", Uuid, primary_key=True, comment="contact, addition, registration or opinion"),
        Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False),
        Column("at", MOMENT, nullable=False),
        Column("emotion", Text, nullable=False),
        Column("told", Text, nullable=False, comment="where it was noted"),
        CheckConstraint(f"emotion IN {_one_of(*Emotion)}", "emotion"),
        CheckConstraint(f"told IN {_one_of(*FeltIn)}", "told"),
        comment="The customer's emotion in one contact each: the trajectory of a case.",
    )
    Index("ix_feelings_case", feelings.c.complaint_id, feelings.c.at)
    contacts = Table(
        "contacts",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False),
        Column("via", Text, nullable=False),
        Column("held_at", MOMENT, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        Column("held_by", Text, nullable=False, comment="the caller's id"),
        Column("emotion", Text, nullable=False),
        Column(
            "checklist", JSONB, nullable=False, comment="the nine behaviours: met, missed, not_applicable"
        ),
        Column("talk_share", SmallInteger, comment="the customer's share of the talking, per cent"),
        Column("slips", ARRAY(Text), nullable=False),
        Column("key_points", ARRAY(Text), nullable=False, comment="masked"),
        Column(
            "questions",
            ARRAY(Text),
            nullable=False,
            comment="their forms, in the order in which they were asked",
        ),
        Column("funnel", Boolean, comment="open first, closed to verify"),
        Column("locked_point", Text, comment="what the complaint comes down to, masked"),
        Column("point_confirmed", Boolean, nullable=False),
        Column("summary", Text, comment="what was restated to the customer, masked"),
        Column("summary_confirmed", Boolean, nullable=False),
        Column("addition_id", Uuid, comment="addition at intake under which the restatement was sent"),
        Column("positive_value", Text, comment="masked"),
        Column("needs", ARRAY(Text), nullable=False),
        CheckConstraint(f"via IN {_one_of(*Means)}", "via"),
        CheckConstraint(f"emotion IN {_one_of(*Emotion)}", "emotion"),
        CheckConstraint("held_at <= recorded_at", "held_before_recorded"),
        CheckConstraint("talk_share BETWEEN 0 AND 100", "talk_share"),
        CheckConstraint("NOT point_confirmed OR locked_point IS NOT NULL", "confirmed_point"),
        CheckConstraint("NOT summary_confirmed OR summary IS NOT NULL", "confirmed_summary"),
        comment="Contacts with customers, and how well was listened.",
    )
    Index("ix_contacts_case", contacts.c.complaint_id, contacts.c.held_at, contacts.c.id)
    scorecards = Table(
        "scorecards",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False),
        Column("handler_id", Text, comment="whose case it was"),
        *(
            Column(style, Integer, nullable=False)
            for style in ("strict", "earnest", "proactive", "efficient")
        ),
        Column("taboos", ARRAY(Text), nullable=False, comment="those that the reviewer found"),
        Column("comment", Text, comment="masked"),
        Column("reviewed_by", Text, nullable=False),
        Column("reviewed_at", MOMENT, nullable=False),
        CheckConstraint(
            "least(strict, earnest, proactive, efficient) >= 1 "
            "AND greatest(strict, earnest, proactive, efficient) <= 5",
            "one_to_five",
        ),
        CheckConstraint("reviewed_by IS DISTINCT FROM handler_id", "not_ones_own"),
        comment="How a closed case was worked, by somebody who did not work it.",
    )
    Index("ix_scorecards_case", scorecards.c.complaint_id, scorecards.c.reviewed_at, scorecards.c.id)
    return Tables(feelings, contacts, scorecards)
