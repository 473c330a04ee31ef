"""Tables of resolution. What must never be untrue, the database refuses."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.resolution.audit import tables as audit_tables
from services.resolution.clocks import tables as clock_tables
from services.resolution.dispute import tables as dispute_tables
from services.resolution.field_action.tables import add_tables as add_field_action_tables
from services.resolution.judgement import Origin
from services.resolution.lifecycle import UNSOLVED, State, WaitingFor
from services.resolution.listening import tables as listening_tables
from services.resolution.listening.mood import NEGATIVE
from services.resolution.promises import PromiseState
from services.resolution.timeline import Reader
from shared.database import service_metadata
from shared.events.vocabulary import Channel, Emotion, Outcome, Severity, Visibility
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
    Column("product", Text, comment="what it is about: name, else model, else number"),
    Column("severity", Text),
    Column("channel", Text, comment="how it came"),
    Column("visibility", Text, comment="what was public once stays so"),
    Column("publicly_answered_at", MOMENT),
    Column("grew_at", MOMENT, comment="when it became more severe than it was, for the last time"),
    Column("department", Text),
    Column("handler_id", Text),
    Column("handler_name", Text),
    Column("assigned_at", MOMENT, comment="when the handler was last decided; an older decision is ignored"),
    Column("reason_sufficient", Boolean, comment="judgement: is the reason sufficient?"),
    Column("demand_reasonable", Boolean, comment="judgement: is the demand reasonable?"),
    Column("cause", Text, comment="judgement: why it happened, masked"),
    Column("impact", Text, comment="judgement: what it did to the customer, masked"),
    Column("origin", Text, comment="judgement: where the cause lies; told to nobody"),
    Column("needs", ARRAY(Text), comment="judgement: what the customer needs beside the thing itself"),
    Column("told", JSONB, nullable=False, server_default=text("'{}'"), comment="what solutions are found by"),
    Column("first_value", Numeric(14, 2), comment="V1 as a person set it"),
    Column("first_value_currency", Text),
    Column("first_value_reason", Text, comment="masked"),
    Column("first_value_by", Text),
    Column("round", SmallInteger, nullable=False, comment="rounds of offers so far"),
    Column("agreed_offer_id", Uuid),
    Column("agreed_via", Text, comment="how the customer agreed"),
    Column("agreed_by", Text, comment="who recorded it"),
    Column("agreed_at", MOMENT),
    Column("solutions", SmallInteger, nullable=False, comment="how often a result was told"),
    Column("result", Text, comment="what the customer was told last, masked"),
    Column("carried_out_at", MOMENT),
    Column("outcome", Text, comment="the customer's own judgement"),
    Column("heard", Text, comment="the customer's opinion, when the public response is still owed"),
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
    Column("last_emotion", Text, comment="the customer's, in the latest contact by time"),
    Column("last_emotion_at", MOMENT),
    Column(
        "ended_negative",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="closed, and the last emotion was negative at the closing or later",
    ),
    Column("understood_at", MOMENT, comment="when the customer last confirmed that they were understood"),
    Column("contacted_at", MOMENT, comment="when a contact was last held and recorded"),
    Column("neglected_after", MOMENT, comment="unless a person speaks with the customer before"),
    Column(
        "follow_ups",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="how often an opinion on the present result was asked for",
    ),
    Column("follow_up_at", MOMENT, comment="after this moment it is asked again"),
    Column("trust_restored", Boolean, comment="does the customer trust the company again?"),
    Column("problem_found", Boolean),
    Column("problem_solved", Boolean),
    Column("correction", Text, comment="what was corrected where the problem came from, masked"),
    Column("corrected_at", MOMENT),
    Column("reopened", SmallInteger, nullable=False, server_default=text("0"), comment="how often it was"),
    Column(
        "disputes",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="how often it was handed over to an outside body",
    ),
    Column(
        "dispute_id",
        Uuid,
        ForeignKey(
            "disputes.id", name="fk_cases_dispute_id", use_alter=True, deferrable=True, initially="DEFERRED"
        ),
        comment="the live dispute",
    ),
    Column(
        "praise", Boolean, nullable=False, server_default=text("false"), comment="nobody is complained about"
    ),
    Column(
        "accusations",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="how many people it is about, or was",
    ),
    Column(
        "unheard",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="how many of them may still answer before anything is judged",
    ),
    Column("wakes_at", MOMENT, comment="the earliest of its deadlines: something happens after it by itself"),
    Column("waiting_for", Text, comment="without whom it does not go on"),
    Column("waits_since", MOMENT),
    Column("asked_whom", Text, comment="the colleague: a person or a department"),
    Column("chase_at", MOMENT, comment="when the colleague is chased next"),
    Column("chased", SmallInteger, nullable=False, server_default=text("0")),
    Column("clocks", JSONB, comment="runs, pauses, limits of triage, extensions"),
    Column("clock_policy", Integer, comment="version of the rulebook by which the clocks were computed"),
    Column("calendar_digest", Text, comment="of the calendar by which they were; null: the usual one"),
    Column("promises", Integer, nullable=False, comment="promises made so far"),
    Column("entries", Integer, nullable=False, comment="timeline entries so far"),
    Column("policies", JSONB, comment="written policies in force at the last assignment: code, version"),
    Column("books_at_start", JSONB, comment="rulebooks in force when the case was taken up: kind, version"),
    Column("books_at_end", JSONB, comment="the same when it was closed"),
    Column(
        "audit_from",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="so many timeline entries were there before the chain began",
    ),
    Column(
        "audit_number",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="number of the newest audit entry",
    ),
    Column("audit_hash", LargeBinary, comment="its hash"),
    Column("audit_salt", LargeBinary, comment="makes the key of the chain; gone once the person was erased"),
    CheckConstraint(f"state IN {one_of(*State)}", "state"),
    CheckConstraint(f"severity IN {one_of(*Severity)}", "severity"),
    CheckConstraint(f"outcome IN {one_of(*Outcome)}", "outcome"),
    CheckConstraint("(state = 'unopened') = (registered_at IS NULL)", "opened_by_registration"),
    CheckConstraint(f"(state IN {one_of(*UNSOLVED)}) = (promise_id IS NOT NULL)", "unsolved_has_promise"),
    CheckConstraint("promise_id IS NULL OR wakes_at IS NOT NULL", "promise_wakes"),
    CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", "closed_with_outcome"),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", "closed_since"),
    CheckConstraint(f"last_emotion IN {one_of(*Emotion)}", "last_emotion"),
    CheckConstraint("(last_emotion IS NULL) = (last_emotion_at IS NULL)", "emotion_since"),
    CheckConstraint(
        f"state <> 'closed' OR ended_negative OR last_emotion IS NULL OR last_emotion NOT IN {one_of(*NEGATIVE)}",
        "negative_end_is_flagged",
    ),
    CheckConstraint(
        "state <> 'closed' OR (problem_found IS NOT NULL AND problem_solved IS NOT NULL)", "stock_taken"
    ),
    CheckConstraint("state <> 'carried_out' OR follow_ups > 0", "opinion_was_asked"),
    CheckConstraint("(correction IS NULL) = (corrected_at IS NULL)", "corrected_since"),
    CheckConstraint("state <> 'agreed' OR agreed_offer_id IS NOT NULL", "agreed_to_an_offer"),
    CheckConstraint("state NOT IN ('carried_out', 'closed') OR result IS NOT NULL", "result_was_told"),
    CheckConstraint("(state = 'merged') = (leading_id IS NOT NULL)", "merged_into"),
    CheckConstraint("(leading_id IS NULL) = (state_before IS NULL)", "merged_from"),
    CheckConstraint(
        f"state_before IN {one_of(*(UNSOLVED | {State.CARRIED_OUT}))}",
        "state_before",
    ),
    CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", "withdrawn_at"),
    CheckConstraint(f"channel IN {one_of(*Channel)}", "channel"),
    CheckConstraint(f"visibility IN {one_of(*Visibility)}", "visibility"),
    CheckConstraint(
        "state <> 'closed' OR visibility IS DISTINCT FROM 'public' OR publicly_answered_at IS NOT NULL",
        "public_is_answered_in_public",
    ),
    CheckConstraint(f"heard IN {one_of(*Outcome)}", "heard"),
    CheckConstraint(
        "heard IS NULL OR state IN ('carried_out', 'merged', 'withdrawn')", "heard_before_closing"
    ),
    CheckConstraint(f"waiting_for IN {one_of(*WaitingFor)}", "waiting_for"),
    CheckConstraint("(waiting_for IS NULL) = (waits_since IS NULL)", "waits_since"),
    CheckConstraint("(asked_whom IS NULL) = (chase_at IS NULL)", "chased_until_answered"),
    CheckConstraint(
        "(waiting_for IS NOT DISTINCT FROM 'colleague') = (asked_whom IS NOT NULL)", "asked_a_colleague"
    ),
    CheckConstraint("(audit_number > 0) = (audit_hash IS NOT NULL)", "audit_head"),
    CheckConstraint("NOT erased OR audit_salt IS NULL", "erased_without_key"),
    CheckConstraint("unheard BETWEEN 0 AND accusations", "unheard"),
    CheckConstraint("(reason_sufficient IS NULL) = (demand_reasonable IS NULL)", "judged_both"),
    CheckConstraint(
        "reason_sufficient IS NOT NULL OR num_nonnulls(cause, impact, origin, needs) = 0", "analysed"
    ),
    CheckConstraint(f"origin IN {one_of(*Origin)}", "origin"),
    CheckConstraint(
        "num_nonnulls(first_value, first_value_currency, first_value_reason, first_value_by) IN (0, 4)",
        "first_value",
    ),
    CheckConstraint("num_nonnulls(agreed_via, agreed_by, agreed_at) IN (0, 3)", "agreed"),
    CheckConstraint("agreed_via IS NULL OR agreed_offer_id IS NOT NULL", "agreed_offer"),
)
OPENED = cases.c.state != State.UNOPENED.value
Index("ix_cases_registered", cases.c.registered_at, cases.c.id, postgresql_where=OPENED)
Index(
    "ix_cases_on_clock",
    cases.c.id,
    postgresql_where=text(f"state IN {one_of(*UNSOLVED, State.CARRIED_OUT, State.MERGED)}"),
)
Index("ix_cases_wakes", cases.c.wakes_at, postgresql_where=cases.c.wakes_at.is_not(None))
Index("ix_cases_handler", cases.c.handler_id, cases.c.registered_at, cases.c.id)
Index(
    "ix_cases_matter",
    cases.c.category,
    cases.c.product,
    cases.c.registered_at,
    postgresql_where=cases.c.product.is_not(None),
)
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
    Column("department", Text, comment="the same of the department"),
    Column(
        "excused",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="it was the customer who was waited for: nobody of the company is to blame",
    ),
    UniqueConstraint("complaint_id", "number"),
    CheckConstraint(f"state IN {one_of(*PromiseState)}", "state"),
    CheckConstraint("due_at > made_at", "due_after_made"),
    CheckConstraint("(state = 'live') = (settled_at IS NULL)", "settled"),
    CheckConstraint("state NOT IN ('kept', 'released') OR settled_at <= due_at", "kept_in_time"),
    CheckConstraint("state <> 'broken' OR settled_at > due_at", "broken_when_late"),
    CheckConstraint("NOT excused OR state = 'broken'", "excused_when_broken"),
)
Index("ix_promises_settled", promises.c.settled_at, postgresql_where=text("state IN ('kept', 'broken')"))
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
    Column("solution", Text, comment="its code in the rulebook of remedies, if it was suggested"),
    UniqueConstraint("complaint_id", "round", "rank"),
    CheckConstraint("rank BETWEEN 1 AND 4", "rank"),
    CheckConstraint("(amount IS NULL) = (currency IS NULL)", "money"),
)

visits = Table(
    "visits",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("complaint_id", Uuid, ForeignKey("cases.id"), nullable=False),
    Column("people", ARRAY(Text), nullable=False, comment="who goes, by their ids in the directory"),
    Column("starts_at", MOMENT, nullable=False),
    Column("vehicle", Text, comment="by which they go"),
    Column("purpose", Text, nullable=False, comment="masked"),
    Column("planned_by", Text, nullable=False),
    Column("planned_at", MOMENT, nullable=False),
    CheckConstraint("cardinality(people) > 0", "people"),
)
Index("ix_visits_complaint", visits.c.complaint_id, visits.c.starts_at, visits.c.id)
SOLVED_WELL = "state = 'closed' AND outcome IN ('satisfied', 'acceptable')"
Index("ix_cases_similar", cases.c.category, cases.c.closed_at, postgresql_where=text(SOLVED_WELL))
Index(
    "ix_cases_product",
    text("coalesce(told #>> '{product,id}', told #>> '{product,model}')"),
    cases.c.closed_at,
    postgresql_where=text(SOLVED_WELL),
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

lapses, calendars = clock_tables.add_tables(metadata)
disputes = dispute_tables.add_tables(metadata)
feelings, contacts, scorecards = listening_tables.add_tables(metadata)
audit_entries = audit_tables.add_tables(metadata)
field = add_field_action_tables(metadata)
