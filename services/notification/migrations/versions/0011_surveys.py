"""Surveys: what was asked, what was answered, and to which numbers it was sent."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "survey_customers",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False, comment="opaque; intake knows who it is"),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_survey_customers")),
        comment="Whose complaint it is, so that one customer is not invited again and again.",
    )
    op.create_index(
        op.f("ix_survey_customers_customer_id"), "survey_customers", ["customer_id"], unique=False
    )
    op.create_table(
        "surveys",
        sa.Column("id", sa.Uuid(), nullable=False, comment="follows from the cause: nobody is asked twice"),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the saved changes"),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("questionnaire", sa.Text(), nullable=False),
        sa.Column(
            "book_version",
            sa.Integer(),
            nullable=False,
            comment="of the rulebook that holds the questionnaire",
        ),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "follow_up_id",
            sa.Uuid(),
            nullable=True,
            comment="first request for an opinion on the result that it is about",
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True, comment="when it was sent"),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "answered_at", sa.DateTime(timezone=True), nullable=True, comment="when the last answer came"
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.Text(), nullable=True, comment="why it is over without being complete"),
        sa.Column(
            "wakes_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it is sent, reminded of or closed by itself",
        ),
        sa.CheckConstraint("(state = 'closed') = (ended IS NOT NULL)", name=op.f("ck_surveys_closed")),
        sa.CheckConstraint(
            "(state IN ('answered', 'closed')) = (ended_at IS NOT NULL)", name=op.f("ck_surveys_ended_at")
        ),
        sa.CheckConstraint(
            "(state IN ('planned', 'open')) = (wakes_at IS NOT NULL)", name=op.f("ck_surveys_wakes")
        ),
        sa.CheckConstraint("about IN ('case', 'process')", name=op.f("ck_surveys_about")),
        sa.CheckConstraint(
            "ended IN ('time', 'superseded', 'withdrawn', 'resting', 'erased')", name=op.f("ck_surveys_ended")
        ),
        sa.CheckConstraint(
            "state <> 'answered' OR answered_at IS NOT NULL", name=op.f("ck_surveys_answered")
        ),
        sa.CheckConstraint("state <> 'planned' OR opened_at IS NULL", name=op.f("ck_surveys_planned")),
        sa.CheckConstraint(
            "state IN ('planned', 'open', 'answered', 'closed')", name=op.f("ck_surveys_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('open', 'answered') OR opened_at IS NOT NULL", name=op.f("ck_surveys_opened")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
        comment="A questionnaire, sent to one customer about one complaint.",
    )
    op.create_index("ix_surveys_complaint", "surveys", ["complaint_id"], unique=False)
    op.create_index("ix_surveys_opened", "surveys", ["questionnaire", "opened_at"], unique=False)
    op.create_index(
        "ix_surveys_wakes",
        "surveys",
        ["wakes_at"],
        unique=False,
        postgresql_where=sa.text("wakes_at IS NOT NULL"),
    )
    op.create_table(
        "survey_answers",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False, comment="the first answer stays"),
        sa.Column(
            "value",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="empty: passed over, or words",
        ),
        sa.Column("words", sa.Text(), nullable=True, comment="free words, sealed; '' once erased"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("by IN ('link', 'phone', 'reply')", name=op.f("ck_survey_answers_by")),
        sa.CheckConstraint("num_nonnulls(value, words) <= 1", name=op.f("ck_survey_answers_one")),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_survey_answers_survey_id")),
        sa.PrimaryKeyConstraint("survey_id", "question", name=op.f("pk_survey_answers")),
        comment="The words are personal data, and sealed.",
    )
    op.create_table(
        "survey_phones",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column(
            "phone",
            sa.LargeBinary(),
            nullable=False,
            comment="keyed digest of the number to which it was sent: nobody can read it",
        ),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_survey_phones_survey_id")),
        sa.PrimaryKeyConstraint("survey_id", "phone", name=op.f("pk_survey_phones")),
        comment="To find the survey to which a text message answers.",
    )
    op.create_index(op.f("ix_survey_phones_phone"), "survey_phones", ["phone"], unique=False)
    op.alter_column(
        "conversations",
        "follow_up_id",
        existing_type=sa.UUID(),
        comment="the first request for an opinion on the present result",
        existing_nullable=True,
    )


def downgrade() -> None:
    op.alter_column(
        "conversations",
        "follow_up_id",
        existing_type=sa.UUID(),
        comment=None,
        existing_comment="the first request for an opinion on the present result",
        existing_nullable=True,
    )
    op.drop_index(op.f("ix_survey_phones_phone"), table_name="survey_phones")
    op.drop_table("survey_phones")
    op.drop_table("survey_answers")
    op.drop_index("ix_surveys_wakes", table_name="surveys", postgresql_where=sa.text("wakes_at IS NOT NULL"))
    op.drop_index("ix_surveys_opened", table_name="surveys")
    op.drop_index("ix_surveys_complaint", table_name="surveys")
    op.drop_table("surveys")
    op.drop_index(op.f("ix_survey_customers_customer_id"), table_name="survey_customers")
    op.drop_table("survey_customers")
