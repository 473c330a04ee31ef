"""Tables of improvements. What must never be untrue, the database refuses."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.resolution.improvement.parts import ActionKind, Move, Place
from services.resolution.improvement.steps import ImprovementState, Step
from services.resolution.tables import MOMENT, metadata, one_of
from shared.events.vocabulary import Severity

improvements = Table(
    "improvements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False, comment="counts the saved changes; the ETag"),
    Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False, comment="gave rise to it"),
    Column("state", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("round", SmallInteger, nullable=False, comment="how often the cause is looked for"),
    Column("severity", Text, nullable=False, comment="the highest of its complaints"),
    Column("title", Text, nullable=False, comment="masked"),
    Column("problem", Text, nullable=False, comment="what is wrong (5W2H), masked"),
    Column("category", Text),
    Column("subcategory", Text),
    Column("product", Text),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", MOMENT, nullable=False),
    Column("ended_by", Text),
    Column("ended_at", MOMENT, comment="when it was closed or dropped"),
    Column("watch_from", MOMENT, comment="when the last action of the plan was done"),
    Column("watch_until", MOMENT),
    Column("effect_due_told", Boolean, nullable=False, comment="somebody was asked to judge the effect"),
    Column("look_at", MOMENT, comment="when it is looked next whether the cause came back"),
    Column("meetings", JSONB, nullable=False, comment="of the team, as routing told"),
    Column("standards", JSONB, nullable=False, comment="documents that were changed"),
    Column("trainings", JSONB, nullable=False),
    Column("wakes_at", MOMENT, comment="the earliest of its deadlines"),
    CheckConstraint(f"state IN {one_of(*ImprovementState)}", "state"),
    CheckConstraint(f"step IN {one_of(*Step)}", "step"),
    CheckConstraint(f"severity IN {one_of(*Severity)}", "severity"),
    CheckConstraint("round > 0", "round"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", "ended"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", "ended_by_somebody"),
    CheckConstraint("state <> 'closed' OR step = 'prevention'", "closed_after_all_steps"),
    CheckConstraint("(watch_from IS NULL) = (watch_until IS NULL) AND watch_until > watch_from", "watch"),
    CheckConstraint("look_at IS NULL OR state = 'closed'", "looks_when_closed"),
    comment="One cause being removed.",
)
Index("ix_improvements_opened", improvements.c.opened_at, improvements.c.id)
Index("ix_improvements_wakes", improvements.c.wakes_at, postgresql_where=improvements.c.wakes_at.is_not(None))


def _of() -> Column[object]:
    return Column("improvement_id", Uuid, ForeignKey("improvements.id"), primary_key=True)


improvement_complaints = Table(
    "improvement_complaints",
    metadata,
    _of(),
    Column("complaint_id", Uuid, ForeignKey("cases.id"), primary_key=True),
    Column("joined_by", Text, nullable=False),
    Column("joined_at", MOMENT, nullable=False),
    Column("reason", Text, comment="masked"),
    Column("recurrence", Boolean, nullable=False, comment="it came after the closing"),
)
Index("ix_improvement_complaints_complaint", improvement_complaints.c.complaint_id)

improvement_members = Table(
    "improvement_members",
    metadata,
    _of(),
    Column("person", Text, primary_key=True, comment="id in the directory"),
    Column("department", Text, nullable=False),
    Column("lead", Boolean, nullable=False),
)
Index(
    "uq_improvement_members_lead",
    improvement_members.c.improvement_id,
    unique=True,
    postgresql_where=text("lead"),
)

improvement_actions = Table(
    "improvement_actions",
    metadata,
    _of(),
    Column("number", SmallInteger, primary_key=True, comment="counts an improvement's actions, from 1"),
    Column("round", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False, comment="masked"),
    Column("responsible", Text, nullable=False, comment="id in the directory"),
    Column("due_at", MOMENT, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", MOMENT, nullable=False),
    Column("warn_at", MOMENT),
    Column("overdue_at", MOMENT, comment="when it was found overdue"),
    Column("done_at", MOMENT),
    Column("done_by", Text),
    Column("evidence", Text, comment="masked"),
    Column("dropped_at", MOMENT),
    Column("dropped_by", Text),
    Column("reason", Text, comment="why it was dropped or moved last, masked"),
    CheckConstraint(f"kind IN {one_of(*ActionKind)}", "kind"),
    CheckConstraint("number > 0", "number"),
    CheckConstraint("responsible <> ''", "responsible"),
    CheckConstraint(
        "(done_at IS NULL) = (evidence IS NULL) AND (done_at IS NULL) = (done_by IS NULL)", "done"
    ),
    CheckConstraint("dropped_at IS NULL OR (reason IS NOT NULL AND dropped_by IS NOT NULL)", "dropped"),
    CheckConstraint("done_at IS NULL OR dropped_at IS NULL", "one_end"),
    CheckConstraint("overdue_at > due_at", "overdue"),
)
Index(
    "ix_improvement_actions_responsible",
    improvement_actions.c.responsible,
    improvement_actions.c.improvement_id,
)

improvement_places = Table(
    "improvement_places",
    metadata,
    _of(),
    Column("round", SmallInteger, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("affected", Boolean, nullable=False),
    Column("checked_by", Text, nullable=False),
    Column("checked_at", MOMENT, nullable=False),
    Column("quantity", Numeric(18, 3), comment="how much is affected"),
    Column("unit", Text),
    Column("note", Text, comment="masked"),
    Column("action", SmallInteger, comment="number of the action against it"),
    ForeignKeyConstraint(
        ["improvement_id", "action"],
        ["improvement_actions.improvement_id", "improvement_actions.number"],
        name="fk_improvement_places_action",
    ),
    CheckConstraint(f"place IN {one_of(*Place)}", "place"),
    CheckConstraint("affected = (quantity IS NOT NULL)", "how_much"),
    CheckConstraint("affected = (action IS NOT NULL)", "something_is_done"),
    CheckConstraint("quantity >= 0", "quantity"),
)

improvement_analyses = Table(
    "improvement_analyses",
    metadata,
    _of(),
    Column("number", SmallInteger, primary_key=True),
    Column("round", SmallInteger, nullable=False),
    Column("occurrence", JSONB, nullable=False, comment="chains of whys"),
    Column("escape", JSONB, nullable=False, comment="chains of whys"),
    Column("fishbone", JSONB, nullable=False, comment="possible causes by branch"),
    Column("root_cause", Text, nullable=False, comment="masked"),
    Column("escape_cause", Text, nullable=False, comment="masked"),
    Column("impact", Text, nullable=False, comment="masked"),
    Column("analysed_by", Text, nullable=False),
    Column("analysed_at", MOMENT, nullable=False),
    Column("verified_by", Text),
    Column("verified_at", MOMENT),
    Column("confirmed", Boolean),
    Column("verification", Text, comment="how it was verified, masked"),
    CheckConstraint("verified_by <> analysed_by", "second_person"),
    CheckConstraint(
        "(verified_by IS NULL) = (confirmed IS NULL) AND (verified_by IS NULL) = (verified_at IS NULL) "
        "AND (verified_by IS NULL) = (verification IS NULL)",
        "verified",
    ),
    CheckConstraint("jsonb_array_length(occurrence) > 0 AND jsonb_array_length(escape) > 0", "both_chains"),
)

improvement_effects = Table(
    "improvement_effects",
    metadata,
    _of(),
    Column("number", SmallInteger, primary_key=True),
    Column("round", SmallInteger, nullable=False),
    Column("effective", Boolean, nullable=False),
    Column("reason", Text, nullable=False, comment="masked"),
    Column("numbers", JSONB, nullable=False, comment="what lay before whoever judged"),
    Column("judged_by", Text, nullable=False),
    Column("judged_at", MOMENT, nullable=False),
)

improvement_passages = Table(
    "improvement_passages",
    metadata,
    _of(),
    Column("number", SmallInteger, primary_key=True, comment="counts an improvement's passages, from 1"),
    Column("move", Text, nullable=False),
    Column("from_step", Text, nullable=False),
    Column("to_step", Text, comment="null: it closed"),
    Column("by", Text, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("reason", Text, comment="masked"),
    Column("approval_id", Uuid, comment="by which a gate was skipped"),
    CheckConstraint(f"move IN {one_of(*Move)}", "move"),
    CheckConstraint(f"from_step IN {one_of(*Step)} AND to_step IN {one_of(*Step)}", "steps"),
    CheckConstraint("(move = 'skipped') = (approval_id IS NOT NULL)", "skipped_by_approval"),
    CheckConstraint("move NOT IN ('skipped', 'sent_back') OR reason IS NOT NULL", "said_why"),
)

improvement_recurrences = Table(
    "improvement_recurrences",
    metadata,
    _of(),
    Column("complaint_id", Uuid, ForeignKey("cases.id"), primary_key=True),
    Column("found_at", MOMENT, nullable=False),
    Column("same_cause", Boolean, comment="null until a person has decided"),
    Column("reason", Text, comment="masked"),
    Column("decided_by", Text),
    Column("decided_at", MOMENT),
    CheckConstraint(
        "(same_cause IS NULL) = (decided_by IS NULL) AND (same_cause IS NULL) = (decided_at IS NULL)",
        "decided",
    ),
)
