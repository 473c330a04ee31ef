"""Topics that emerge from words, the complaints that speak for them, and what was counted of each day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "mined_weeks",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("mined_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("extract(isodow FROM week) = 1", name=op.f("ck_mined_weeks_monday")),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_mined_weeks")),
        comment="weeks whose words were mined: each once",
    )
    op.create_table(
        "term_days",
        sa.Column("day", sa.Date(), nullable=False, comment="UTC"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False, comment="complaints that were counted"),
        sa.Column("customers", sa.Integer(), nullable=False, comment="who told them"),
        sa.Column(
            "counts",
            sa.LargeBinary(),
            nullable=False,
            comment="customers by bucket of term; see topics/counts.py",
        ),
        sa.CheckConstraint("customers BETWEEN 1 AND told", name=op.f("ck_term_days_customers")),
        sa.PrimaryKeyConstraint("day", "language", name=op.f("pk_term_days")),
        comment="how many customers used each term, by digests: there are no words in it",
    )
    op.create_table(
        "topics",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True, comment="as people call it; masked"),
        sa.Column("first_week", sa.Date(), nullable=False, comment="its Monday"),
        sa.Column(
            "last_week", sa.Date(), nullable=False, comment="the last in which it was more than expected"
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "labels",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="terms by language, masked",
        ),
        sa.Column(
            "signature",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="weights of terms, by language",
        ),
        sa.Column(
            "strong",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="terms whose users are meant, by language",
        ),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("subcategory", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=False),
        sa.Column("q_value", sa.Double(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="masked"),
        sa.CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name=op.f("ck_topics_merged")),
        sa.CheckConstraint(
            "state = 'open' OR (decided_at IS NOT NULL AND reason IS NOT NULL)",
            name=op.f("ck_topics_said_why"),
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_topics_decided")),
        sa.CheckConstraint("first_week <= last_week", name=op.f("ck_topics_weeks")),
        sa.CheckConstraint("merged_into <> id", name=op.f("ck_topics_another")),
        sa.CheckConstraint("state IN ('open', 'dismissed', 'merged')", name=op.f("ck_topics_state")),
        sa.ForeignKeyConstraint(["merged_into"], ["topics.id"], name=op.f("fk_topics_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
        comment="what was told anew; the numbers are those with which it emerged",
    )
    op.create_index("ix_topics_found", "topics", ["found_at", "id"], unique=False)
    op.create_table(
        "topic_complaints",
        sa.Column("topic_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False, comment="in which it was told"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "medoid", sa.SmallInteger(), nullable=True, comment="rank among those that speak for the topic"
        ),
        sa.CheckConstraint("medoid > 0", name=op.f("ck_topic_complaints_medoid")),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name=op.f("fk_topic_complaints_topic_id")),
        sa.PrimaryKeyConstraint("topic_id", "complaint_id", name=op.f("pk_topic_complaints")),
        comment="the complaints of a topic: its evidence",
    )
    op.create_index("ix_topic_complaints_week", "topic_complaints", ["topic_id", "week"], unique=False)
    op.create_table(
        "signatures",
        sa.Column("id", sa.Uuid(), nullable=False, comment="of the complaint"),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True, comment="opaque"),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True, comment="words and pairs of signs, masked"),
        sa.Column(
            "bands",
            sa.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="by what it is found; see recurrence/signature.py",
        ),
        sa.Column(
            "recurrence_id",
            sa.Uuid(),
            nullable=True,
            comment="the oldest, by id, of all complaints that tell the same",
        ),
        sa.Column(
            "erased_at", sa.DateTime(timezone=True), nullable=True, comment="when its customer was erased"
        ),
        sa.CheckConstraint("recurrence_id <= id", name=op.f("ck_signatures_oldest")),
        sa.CheckConstraint(
            "(recurrence_id IS NULL) = (registered_at IS NULL)", name=op.f("ck_signatures_compared")
        ),
        sa.CheckConstraint(
            "erased_at IS NULL OR (said IS NULL AND cardinality(bands) = 0)",
            name=op.f("ck_signatures_forgotten"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
        comment="complaints as they are compared with each other",
    )
    op.create_index("ix_signatures_recurrence", "signatures", ["recurrence_id"])
    op.create_index(
        "ix_signatures_bands",
        "signatures",
        ["bands"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )


def downgrade() -> None:
    op.drop_table("signatures")
    op.drop_index("ix_topic_complaints_week", table_name="topic_complaints")
    op.drop_table("topic_complaints")
    op.drop_index("ix_topics_found", table_name="topics")
    op.drop_table("topics")
    op.drop_table("term_days")
    op.drop_table("mined_weeks")
