"""Tables of resolution. What must never be untrue, the database refuses."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.resolution.field_action.tables import add_tables as add_field_action_tables
from services.resolution.lifecycle import UNSOLVED, State
from services.resolution.promises import PromiseState
from services.resolution.timeline import Reader
from shared.database import service_metadata
from shared.events.vocabulary import Outcome, Severity
from shared.rulebooks import store as rulebook_store

metadata = service_metadata("resolution")
rulebook_store.add_tables(metadata)

MOMENT = DateTime(timezone=True)


def one_of(*values: str) -> str:
    return "({})".format(", ".join(f"'{value}'" for value in sorted(values)))


cases = Table(
    "cases",
    metadata,
    Column("id", Uuid, primary_key=True, comment="the complaint's id"),
    Column("version", Integer, nullable=False, comment="counts the saved changes; the ETag"),
    Column("state", Text, nullable=False),
    Column("reference", Text, comment="what the customer quotes"),
    Column("registered_at", MOMENT),
    Column("category", Text),
    Column("severity", Text),
    Column("department", Text),
    Column("handler_id", Text),
    Column("handler_name", Text),
    Column("assigned_at", MOMENT, comment="when the handler was last decided; an older decision is ignored"),
    Column("reason_sufficient", Boolean, comment="judgement: is the reason sufficient?"),
    Column("demand_reasonable", Boolean, comment="judgement: is the demand reasonable?"),
    Column("round", SmallInteger, nullable=False, comment="rounds of offers so far"),
    Column("agreed_offer_id", Uuid),
    Column("solutions", SmallInteger, nullable=False, comment="how often a result was told"),
    Column("result", Text, comment="what the customer was told last, masked"),
    Column("carried_out_at", MOMENT),
    Column("outcome", Text, comment="the customer's own judgement"),
    Column("closed_by", Text),
    Column("closed_at", MOMENT),
    Column(
        "promise_id",
        Uuid,
        ForeignKey(
            "promises.promise_id",
            name="fk_cases_promise_id",
            use_alter=True,
            deferrable=True,
            initially="DEFERRED",
        ),
        comment="the live promise",
    ),
    Column("leading_id", Uuid, comment="the case that is worked instead of this one"),
    Column("state_before", Text, comment="of a merged case: where it goes on when it is separated"),
    Column("withdrawn_at", MOMENT, comment="when the customer withdrew the complaint"),
    Column(
        "erased",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the customer is: nothing is kept of what was written about them",
    ),
    Column("wakes_at", MOMENT, comment="the earliest of its deadlines: something happens after it by itself"),
    Column("promises", Integer, nullable=False, comment="promises made so far"),
    Column("entries", Integer, nullable=False, comment="timeline entries so far"),
    CheckConstraint(f"state IN {one_of(*State)}", "state"),
    CheckConstraint(f"severity IN {one_of(*Severity)}", "severity"),
    CheckConstraint(f"outcome IN {one_of(*Outcome)}", "outcome"),
    CheckConstraint("(state = 'unopened') = (registered_at IS NULL)", "opened_by_registration"),
    CheckConstraint(f"(state IN {one_of(*UNSOLVED)}) = (promise_id IS NOT NULL)", "unsolved_has_promise"),
    CheckConstraint("promise_id IS NULL OR wakes_at IS NOT NULL", "promise_wakes"),
    CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", "closed_with_outcome"),
    CheckConstraint("state <> 'agreed' OR agreed_offer_id IS NOT NULL", "agreed_to_an_offer"),
    CheckConstraint("state NOT IN ('carried_out', 'closed') OR result IS NOT NULL", "result_was_told"),
    CheckConstraint("(state = 'merged') = (leading_id IS NOT NULL)", "merged_into"),
    CheckConstraint("(leading_id IS NULL) = (state_before IS NULL)", "merged_from"),
    CheckConstraint(
        f"state_before IN {one_of(*(UNSOLVED | {State.CARRIED_OUT}))}",
        "state_before",
    ),
    CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", "withdrawn_at"),
    CheckConstraint("(reason_sufficient IS NULL) = (demand_reasonable IS NULL)", "judged_both"),
)
OPENED = cases.c.state != State.UNOPENED.value
Index("ix_cases_registered", cases.c.registered_at, cases.c.id, postgresql_where=OPENED)
Index("ix_cases_wakes", cases.c.wakes_at, postgresql_where=cases.c.wakes_at.is_not(None))
Index("ix_cases_handler", cases.c.handler_id, cases.c.registered_at, cases.c.id)
Index("ix_cases_department", cases.c.department, cases.c.registered_at, cases.c.id)

promises = Table(
    "promises",
    metadata,
    Column("promise_id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="counts the promises of a case, from 1"),
    Column("made_at", MOMENT, nullable=False),
    Column("due_at", MOMENT, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at", MOMENT, comment="when it was kept, broken or released"),
    Column("handler_id", Text, comment="whose case it was then"),
    UniqueConstraint("complaint_id", "number"),
    CheckConstraint(f"state IN {one_of(*PromiseState)}", "state"),
    CheckConstraint("due_at > made_at", "due_after_made"),
    CheckConstraint("(state = 'live') = (settled_at IS NULL)", "settled"),
    CheckConstraint("state NOT IN ('kept', 'released') OR settled_at <= due_at", "kept_in_time"),
    CheckConstraint("state <> 'broken' OR settled_at > due_at", "broken_when_late"),
)
LIVE = promises.c.state == PromiseState.LIVE.value
Index("uq_promises_live", promises.c.complaint_id, unique=True, postgresql_where=text("state = 'live'"))

offers = Table(
    "offers",
    metadata,
    Column("offer_id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False),
    Column("round", SmallInteger, nullable=False),
    Column("rank", SmallInteger, nullable=False, comment="1 is the best that the company can do"),
    Column("remedies", ARRAY(Text), nullable=False),
    Column("description", Text, nullable=False, comment="masked"),
    Column("amount", Numeric(14, 2)),
    Column("currency", Text),
    UniqueConstraint("complaint_id", "round", "rank"),
    CheckConstraint("rank BETWEEN 1 AND 4", "rank"),
    CheckConstraint("(amount IS NULL) = (currency IS NULL)", "money"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("complaint_id", Uuid, ForeignKey("cases.id"), primary_key=True),
    Column("number", Integer, primary_key=True, comment="counts a case's entries as they became known"),
    Column("at", MOMENT, nullable=False),
    Column("source", Text, nullable=False, comment="orders entries of the same time"),
    Column("author", Text, nullable=False, comment="who: the caller's id, customer, system"),
    Column("audience", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="what"),
    Column("text", Text, comment="why or in which words, masked"),
    CheckConstraint(f"audience IN {one_of(*Reader)}", "audience"),
)

field = add_field_action_tables(metadata)
