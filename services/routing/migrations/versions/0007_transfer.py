"""Transfer: notices that climb, tasks, meetings, and who was late."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

CHECKS = {
    "acknowledger": "acknowledged_person IS NULL OR acknowledged_by IS NOT NULL",
    "mail": "(written_by IS NULL) = (text IS NULL)",
    "to_person": "to_person IS NULL OR written_by IS NOT NULL",
    "pursued": (
        "due_at IS NOT NULL OR acknowledged_at IS NOT NULL OR climbed_to IS NOT NULL OR reminders > 0 "
        "OR form = 'clipping'"
    ),
    "settled": "due_at IS NULL OR (acknowledged_at IS NULL AND climbed_to IS NULL)",
    "overdue": "overdue_at IS NOT NULL OR (climbed_to IS NULL AND reminders = 0)",
}


def upgrade() -> None:
    op.create_table(
        "heard_facts",
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("fact_type", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_heard_facts")),
        comment="Facts of which the distribution table was asked who must know them: for trials.",
    )
    op.create_index(op.f("ix_heard_facts_at"), "heard_facts", ["at"], unique=False)
    op.create_table(
        "lapses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "complaint_id", sa.Uuid(), nullable=True, comment="null: a task that is about no complaint"
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False, comment="the notice, task or promise"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("people", sa.ARRAY(sa.Text()), nullable=False, comment="who was responsible"),
        sa.Column("supervisors", sa.ARRAY(sa.Text()), nullable=False, comment="whom they answered to"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('notice', 'task', 'promise')", name=op.f("ck_lapses_kind")),
        sa.CheckConstraint("due_at <= found_at", name=op.f("ck_lapses_late")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lapses")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_lapses_kind")),
        comment="Accountability record: what was late, and who was responsible.",
    )
    op.create_index("ix_lapses_found_at", "lapses", ["found_at", "id"], unique=False)
    op.create_index(op.f("ix_lapses_complaint_id"), "lapses", ["complaint_id"], unique=False)
    op.create_index("ix_lapses_people", "lapses", ["people"], unique=False, postgresql_using="gin")
    op.create_table(
        "meeting_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("weekly", sa.Boolean(), nullable=False),
        sa.Column("attendees", sa.ARRAY(sa.Text()), nullable=False, comment="people of the directory"),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cardinality(attendees) > 0", name=op.f("ck_meeting_series_attended")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_series")),
    )
    op.create_table(
        "meetings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counts the meetings of a series, from 1"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "agenda",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="as it was when the minutes were written, but for what people said",
        ),
        sa.Column("minutes", sa.Text(), nullable=True, comment="masked"),
        sa.Column(
            "decisions", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False, comment="masked"
        ),
        sa.Column("minuted_by", sa.Text(), nullable=True),
        sa.Column("minuted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(minuted_at IS NULL) = (minutes IS NULL) AND (minuted_at IS NULL) = (agenda IS NULL) AND (minuted_at IS NULL) = (minuted_by IS NULL)",
            name=op.f("ck_meetings_minuted"),
        ),
        sa.ForeignKeyConstraint(["series_id"], ["meeting_series.id"], name=op.f("fk_meetings_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("series_id", "number", name=op.f("uq_meetings_series_id")),
    )
    op.create_index("ix_meetings_at", "meetings", ["at", "id"], unique=False)
    op.create_table(
        "agenda_items",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False, comment="masked"),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["dispatches.complaint_id"], name=op.f("fk_agenda_items_complaint_id")
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_agenda_items_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "complaint_id", name=op.f("pk_agenda_items")),
        comment="Cases that somebody put on the agenda by hand.",
    )
    op.create_index(op.f("ix_agenda_items_complaint_id"), "agenda_items", ["complaint_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "complaint_id", sa.Uuid(), nullable=True, comment="null: what a meeting decided about no one case"
        ),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False, comment="what is to be done, masked"),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True, comment="the notice that asked for it"),
        sa.Column("meeting_id", sa.Uuid(), nullable=True, comment="the meeting that decided it"),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True, comment="masked"),
        sa.Column("next_step", sa.Text(), nullable=True, comment="masked"),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chases", sa.Integer(), server_default="0", nullable=False),
        sa.Column("chase_at", sa.DateTime(timezone=True), nullable=True, comment="when it is looked at next"),
        sa.CheckConstraint("form IN ('phone', 'interview', 'action')", name=op.f("ck_tasks_form")),
        sa.CheckConstraint(
            "(done_at IS NULL) = (outcome IS NULL) AND (done_at IS NULL) = (done_by IS NULL)",
            name=op.f("ck_tasks_done"),
        ),
        sa.CheckConstraint(
            "chase_at IS NOT NULL OR done_at IS NOT NULL OR chases > 0", name=op.f("ck_tasks_pursued")
        ),
        sa.CheckConstraint(
            "complaint_id IS NOT NULL OR meeting_id IS NOT NULL", name=op.f("ck_tasks_about_something")
        ),
        sa.CheckConstraint("done_at IS NULL OR chase_at IS NULL", name=op.f("ck_tasks_settled")),
        sa.ForeignKeyConstraint(["assignee"], ["people.id"], name=op.f("fk_tasks_assignee")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_tasks_meeting_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_tasks_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_assignee", "tasks", ["assignee", "due_at", "id"], unique=False)
    op.create_index(op.f("ix_tasks_complaint_id"), "tasks", ["complaint_id"], unique=False)
    op.create_index(
        "ix_tasks_due", "tasks", ["chase_at"], unique=False, postgresql_where=sa.text("chase_at IS NOT NULL")
    )
    op.create_index(
        "ix_dispatches_open",
        "dispatches",
        [sa.text("registered_at DESC"), "complaint_id"],
        unique=False,
        postgresql_where=sa.text("status NOT IN ('blank', 'released')"),
    )
    op.add_column("dispatches", sa.Column("channel", sa.Text(), nullable=True))
    op.add_column(
        "dispatches",
        sa.Column(
            "estimated_loss",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="amount and currency",
        ),
    )
    op.add_column(
        "dispatches", sa.Column("desired_amount", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column("notices", sa.Column("severity", sa.Text(), server_default="general", nullable=False))
    op.add_column("notices", sa.Column("form", sa.Text(), server_default="notice", nullable=False))
    op.add_column("notices", sa.Column("urgency", sa.Text(), server_default="normal", nullable=False))
    op.add_column(
        "notices",
        sa.Column(
            "words",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the reason for people: en, zh",
        ),
    )
    op.add_column("notices", sa.Column("department", sa.Text(), nullable=True))
    op.add_column(
        "notices",
        sa.Column(
            "recipients",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="people; {}: all",
        ),
    )
    op.add_column(
        "notices", sa.Column("written_by", sa.Text(), nullable=True, comment="who wrote an internal mail")
    )
    op.add_column(
        "notices",
        sa.Column("to_person", sa.Text(), nullable=True, comment="the one person whom the mail is for"),
    )
    op.add_column(
        "notices",
        sa.Column(
            "text", sa.Text(), nullable=True, comment="what it says, masked; it does not travel on the log"
        ),
    )
    op.add_column("notices", sa.Column("climbed_from", sa.Uuid(), nullable=True))
    op.add_column("notices", sa.Column("acknowledged_person", sa.Text(), nullable=True))
    op.add_column(
        "notices",
        sa.Column(
            "overdue_at", sa.DateTime(timezone=True), nullable=True, comment="when it was first found overdue"
        ),
    )
    op.add_column(
        "notices",
        sa.Column("climbed_to", sa.Text(), nullable=True, comment="the audience that knows instead"),
    )
    op.add_column(
        "notices",
        sa.Column("reminders", sa.Integer(), server_default="0", nullable=False, comment="of the top layer"),
    )
    op.add_column(
        "notices",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment="when it is looked at next"),
    )
    op.create_index(
        "ix_notices_due", "notices", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_unique_constraint(op.f("uq_notices_fact_id"), "notices", ["fact_id", "audience"])
    op.create_foreign_key(
        op.f("fk_notices_acknowledged_person"), "notices", "people", ["acknowledged_person"], ["id"]
    )
    op.create_foreign_key(op.f("fk_notices_climbed_from"), "notices", "notices", ["climbed_from"], ["id"])
    op.create_foreign_key(op.f("fk_notices_to_person"), "notices", "people", ["to_person"], ["id"])
    # What was overdue before anything climbed stays as it is: nobody is blamed for it now.
    op.execute(
        "UPDATE notices SET due_at = CASE WHEN acknowledge_by > now() THEN acknowledge_by END, "
        "overdue_at = CASE WHEN acknowledge_by <= now() THEN acknowledge_by END, "
        "reminders = CASE WHEN acknowledge_by <= now() THEN 1 ELSE 0 END WHERE acknowledged_at IS NULL"
    )
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_notices_{name}"), "notices", rule)


def downgrade() -> None:
    op.drop_table("tasks")
    op.drop_table("agenda_items")
    op.drop_table("meetings")
    op.drop_table("meeting_series")
    op.drop_table("lapses")
    op.drop_table("heard_facts")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_notices_{name}"), "notices")
    op.drop_constraint(op.f("fk_notices_to_person"), "notices", type_="foreignkey")
    op.drop_constraint(op.f("fk_notices_climbed_from"), "notices", type_="foreignkey")
    op.drop_constraint(op.f("fk_notices_acknowledged_person"), "notices", type_="foreignkey")
    op.drop_constraint(op.f("uq_notices_fact_id"), "notices", type_="unique")
    op.drop_index("ix_notices_due", table_name="notices", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_column("notices", "due_at")
    op.drop_column("notices", "reminders")
    op.drop_column("notices", "climbed_to")
    op.drop_column("notices", "overdue_at")
    op.drop_column("notices", "acknowledged_person")
    op.drop_column("notices", "climbed_from")
    op.drop_column("notices", "text")
    op.drop_column("notices", "to_person")
    op.drop_column("notices", "written_by")
    op.drop_column("notices", "recipients")
    op.drop_column("notices", "department")
    op.drop_column("notices", "words")
    op.drop_column("notices", "urgency")
    op.drop_column("notices", "form")
    op.drop_column("notices", "severity")
    op.drop_index("ix_dispatches_open", table_name="dispatches")
    op.drop_column("dispatches", "desired_amount")
    op.drop_column("dispatches", "estimated_loss")
    op.drop_column("dispatches", "channel")
