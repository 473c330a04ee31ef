"""Clocks, the accountability record, calendars; public complaints; who is waited for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

CHECKS = {
    "channel": "channel IN ('api', 'chat', 'chatbot', 'email', 'field_visit', 'letter', 'mobile_app', 'phone', 'service_centre', 'social_media', 'store', 'web_form')",
    "visibility": "visibility IN ('private', 'public')",
    "public_is_answered_in_public": "state <> 'closed' OR visibility IS DISTINCT FROM 'public' "
    "OR publicly_answered_at IS NOT NULL",
    "heard": "heard IN ('acceptable', 'not_acceptable', 'satisfied')",
    "heard_before_closing": "heard IS NULL OR state IN ('carried_out', 'merged', 'withdrawn')",
    "waiting_for": "waiting_for IN ('colleague', 'customer')",
    "waits_since": "(waiting_for IS NULL) = (waits_since IS NULL)",
    "chased_until_answered": "(asked_whom IS NULL) = (chase_at IS NULL)",
    "asked_a_colleague": "(waiting_for IS NOT DISTINCT FROM 'colleague') = (asked_whom IS NOT NULL)",
}


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="the same for the same working time"),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False, comment="when routing said so"),
        sa.PrimaryKeyConstraint("department", name=op.f("pk_calendars")),
    )
    op.create_table(
        "lapses",
        sa.Column("id", sa.Uuid(), nullable=False, comment="follows from case and run: missed once"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the run of the clock"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="when it was missed"),
        sa.Column("accountable", sa.Text(), nullable=False, comment="handler, department, management"),
        sa.Column("handler_id", sa.Text(), nullable=True, comment="whose case it was then"),
        sa.Column("department", sa.Text(), nullable=True, comment="the same of the department"),
        sa.Column("policy_version", sa.Integer(), nullable=False, comment="of the rulebook clocks"),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True, comment="when it was met after all"),
        sa.CheckConstraint(
            "(accountable = 'handler') = (handler_id IS NOT NULL)", name=op.f("ck_lapses_handler")
        ),
        sa.CheckConstraint(
            "accountable <> 'department' OR department IS NOT NULL", name=op.f("ck_lapses_department")
        ),
        sa.CheckConstraint(
            "accountable <> 'management' OR department IS NULL", name=op.f("ck_lapses_management")
        ),
        sa.CheckConstraint(
            "clock IN ('accept', 'carry_out', 'first_response', 'judge', 'next_response', 'offer', 'promise', 'public_response', 'resolution')",
            name=op.f("ck_lapses_clock"),
        ),
        sa.CheckConstraint("met_at >= due_at", name=op.f("ck_lapses_met_late")),
        sa.ForeignKeyConstraint(["complaint_id"], ["cases.id"], name=op.f("fk_lapses_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lapses")),
        sa.UniqueConstraint("complaint_id", "number", name=op.f("uq_lapses_complaint_id")),
    )
    op.create_index("ix_lapses_due", "lapses", ["due_at", "id"])
    op.create_index("ix_lapses_handler", "lapses", ["handler_id", "due_at", "id"])
    op.add_column("cases", sa.Column("channel", sa.Text(), nullable=True, comment="how it came"))
    op.add_column(
        "cases", sa.Column("visibility", sa.Text(), nullable=True, comment="what was public once stays so")
    )
    op.add_column("cases", sa.Column("publicly_answered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "cases",
        sa.Column(
            "grew_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it became more severe than it was, for the last time",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "heard",
            sa.Text(),
            nullable=True,
            comment="the customer's opinion, when the public response is still owed",
        ),
    )
    op.add_column(
        "cases", sa.Column("waiting_for", sa.Text(), nullable=True, comment="without whom it does not go on")
    )
    op.add_column("cases", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "cases",
        sa.Column("asked_whom", sa.Text(), nullable=True, comment="the colleague: a person or a department"),
    )
    op.add_column(
        "cases",
        sa.Column(
            "chase_at", sa.DateTime(timezone=True), nullable=True, comment="when the colleague is chased next"
        ),
    )
    op.add_column(
        "cases", sa.Column("chased", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "cases",
        sa.Column(
            "clocks",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="runs, pauses, limits of triage, extensions",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "clock_policy",
            sa.Integer(),
            nullable=True,
            comment="version of the rulebook by which the clocks were computed",
        ),
    )
    op.add_column(
        "cases",
        sa.Column(
            "calendar_digest",
            sa.Text(),
            nullable=True,
            comment="of the calendar by which they were; null: the usual one",
        ),
    )
    op.create_index(
        "ix_cases_on_clock",
        "cases",
        ["id"],
        postgresql_where=sa.text(
            "state IN ('accepted', 'agreed', 'carried_out', 'merged', 'offered', 'open')"
        ),
    )
    op.add_column(
        "promises", sa.Column("department", sa.Text(), nullable=True, comment="the same of the department")
    )
    op.add_column(
        "promises",
        sa.Column(
            "excused",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="it was the customer who was waited for: nobody of the company is to blame",
        ),
    )
    op.create_index(
        "ix_promises_settled",
        "promises",
        ["settled_at"],
        postgresql_where=sa.text("state IN ('kept', 'broken')"),
    )
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_cases_{name}"), "cases", condition)
    op.create_check_constraint(
        op.f("ck_promises_excused_when_broken"), "promises", "NOT excused OR state = 'broken'"
    )


def downgrade() -> None:
    op.drop_index(
        "ix_promises_settled", table_name="promises", postgresql_where=sa.text("state IN ('kept', 'broken')")
    )
    op.drop_column("promises", "excused")
    op.drop_column("promises", "department")
    op.drop_index(
        "ix_cases_on_clock",
        table_name="cases",
        postgresql_where=sa.text(
            "state IN ('accepted', 'agreed', 'carried_out', 'merged', 'offered', 'open')"
        ),
    )
    op.drop_column("cases", "calendar_digest")
    op.drop_column("cases", "clock_policy")
    op.drop_column("cases", "clocks")
    op.drop_column("cases", "chased")
    op.drop_column("cases", "chase_at")
    op.drop_column("cases", "asked_whom")
    op.drop_column("cases", "waits_since")
    op.drop_column("cases", "waiting_for")
    op.drop_column("cases", "heard")
    op.drop_column("cases", "grew_at")
    op.drop_column("cases", "publicly_answered_at")
    op.drop_column("cases", "visibility")
    op.drop_column("cases", "channel")
    op.drop_index("ix_lapses_handler", table_name="lapses")
    op.drop_index("ix_lapses_due", table_name="lapses")
    op.drop_table("lapses")
    op.drop_table("calendars")
