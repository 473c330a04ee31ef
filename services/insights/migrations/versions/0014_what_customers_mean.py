"""What customers mean, who must learn what, and the register of hazards.

What was heard in each complaint, the sums of it, and the lapses of each case fill from the log by themselves.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "voice_sums",
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="of receipt, UTC"),
        sa.Column(
            "value", sa.Text(), nullable=False, comment="'' while it is not known, and for dimension none"
        ),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column(
            "name", sa.Text(), nullable=False, comment="'' where any name counts; of labels: a set, joined"
        ),
        sa.Column("n", sa.BigInteger(), nullable=False, comment="complaints"),
        sa.CheckConstraint(
            "dimension IN ('none', 'category', 'product', 'region', 'channel')",
            name=op.f("ck_voice_sums_dimension"),
        ),
        sa.CheckConstraint(
            "what IN ('heard', 'coded', 'facets', 'placed', 'unlabelled', 'facet', 'facet_churn', 'facet_wished', "
            "'praised', 'emotion', 'remedy', 'refused', 'threat', 'churn', 'danger', 'wish', 'opportunity', 'course')",
            name=op.f("ck_voice_sums_what"),
        ),
        sa.CheckConstraint("n > 0", name=op.f("ck_voice_sums_not_empty")),
        sa.PrimaryKeyConstraint("dimension", "day", "value", "what", "name", name=op.f("pk_voice_sums")),
        comment="what was heard, counted per day, once for every dimension",
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "voices",
        sa.Column("id", sa.Uuid(), nullable=False, comment="of the complaint"),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True, comment="opaque"),
        sa.Column("coded", sa.ARRAY(sa.Text()), nullable=True, comment="values that a person gave it"),
        sa.Column(
            "told",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="emotion of each contact as a person took it in, or ''",
        ),
        sa.Column(
            "told_at",
            sa.ARRAY(sa.DateTime(timezone=True)),
            nullable=False,
            comment="when each contact was",
        ),
        sa.Column(
            "tones", sa.ARRAY(sa.Text()), nullable=False, comment="valence heard in each contact, or ''"
        ),
        sa.Column(
            "lexicon",
            sa.Integer(),
            nullable=True,
            comment="oldest version of the lexicons by which it was heard",
        ),
        sa.Column("remedies", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("refused", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("emotions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("facets", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("praised", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("threats", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("churn", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("dangers", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("wishes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("opportunities", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "held",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="emotion in each contact that a handler held and noted",
        ),
        sa.Column("held_at", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(lexicon IS NULL) = (cardinality(tones) = 0)", name=op.f("ck_voices_heard")),
        sa.CheckConstraint("NOT refused && remedies", name=op.f("ck_voices_refused_or_wanted")),
        sa.CheckConstraint(
            "cardinality(told) = cardinality(tones) AND cardinality(told) = cardinality(told_at) "
            "AND cardinality(held) = cardinality(held_at)",
            name=op.f("ck_voices_contacts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voices")),
        comment="what the words of each complaint say, and no words",
    )
    op.create_index(
        "ix_voices_lexicon", "voices", ["lexicon", "id"], unique=False, postgresql_where=sa.text("NOT erased")
    )
    op.create_index(
        "ix_voices_opportunities",
        "voices",
        ["registered_at", "id"],
        unique=False,
        postgresql_where=sa.text("cardinality(opportunities) > 0"),
    )
    op.create_index(
        "ix_voices_wishes",
        "voices",
        ["registered_at"],
        unique=False,
        postgresql_where=sa.text("cardinality(wishes) > 0"),
    )

    op.create_table(
        "conduct",
        sa.Column("id", sa.Uuid(), nullable=False, comment="of the complaint"),
        sa.Column("handler", sa.Text(), nullable=True, comment="who accepted it last"),
        sa.Column("lapses", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("lapsed_at", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column(
            "people", sa.ARRAY(sa.Text()), nullable=False, comment="whose lapse it was; '' for the handler"
        ),
        sa.CheckConstraint(
            "lapses <@ '{promise_broken,result_fell,reply_flagged,rated_badly,cause_back}'",
            name=op.f("ck_conduct_known"),
        ),
        sa.CheckConstraint(
            "cardinality(lapses) = cardinality(lapsed_at) AND cardinality(lapses) = cardinality(people)",
            name=op.f("ck_conduct_lapses"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduct")),
        comment="what should not have happened in each complaint",
    )
    op.create_table(
        "training_needs",
        sa.Column(
            "id", sa.Uuid(), nullable=False, comment="derived from whose it is, what about, and the period"
        ),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="the last that speaks for it"),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("lapse", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "since", sa.Date(), nullable=False, comment="cases accepted from this day on were compared"
        ),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("ratio", sa.Float(), nullable=True, comment="null: the others have none"),
        sa.Column("ratio_low", sa.Float(), nullable=False),
        sa.Column("ratio_high", sa.Float(), nullable=True, comment="null: no upper bound"),
        sa.Column("p_value", sa.Float(), nullable=False),
        sa.Column("q_value", sa.Float(), nullable=False),
        sa.Column(
            "thresholds_version", sa.Integer(), nullable=False, comment="of the rulebook training-needs"
        ),
        sa.Column("evidence", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "complaints > 0 AND complaints <= cases AND cardinality(evidence) > 0",
            name=op.f("ck_training_needs_evident"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(person_id, department) = 1", name=op.f("ck_training_needs_somebodys")
        ),
        sa.CheckConstraint("ratio_low > 1", name=op.f("ck_training_needs_above_the_others")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_needs")),
    )
    op.create_index("ix_training_needs_newest", "training_needs", ["found_at", "id"], unique=False)
    op.create_table(
        "hazards",
        sa.Column(
            "id", sa.Uuid(), nullable=False, comment="derived from what and where, if the rules found it"
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the changes"),
        sa.Column("found_by", sa.Text(), nullable=False, comment="the account, or rules"),
        sa.Column("danger", sa.Text(), nullable=True, comment="name in the lexicons, if the rules found it"),
        sa.Column(
            "what", sa.Text(), nullable=True, comment="in somebody's words, masked; null: the danger says it"
        ),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True, comment="ISO 3166-1 or 3166-2"),
        sa.Column("department", sa.Text(), nullable=True, comment="that is to remove it"),
        sa.Column(
            "owner", sa.Text(), nullable=True, comment="who is to see to it, by their id in the directory"
        ),
        sa.Column("likelihood", sa.SmallInteger(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=True, comment="masked"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="why it is accepted or counts as removed; masked"
        ),
        sa.Column("review_by", sa.Date(), nullable=False),
        sa.Column("evidence", sa.ARRAY(sa.Uuid()), nullable=False, comment="complaints, the newest first"),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ended_at", sa.DateTime(timezone=True), nullable=True, comment="when it was said to be removed"
        ),
        sa.CheckConstraint("(state = 'removed') = (ended_at IS NOT NULL)", name=op.f("ck_hazards_ended")),
        sa.CheckConstraint(
            "state IN ('open', 'watched') OR reason IS NOT NULL", name=op.f("ck_hazards_says_why")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'watched', 'removed', 'accepted')", name=op.f("ck_hazards_state")
        ),
        sa.CheckConstraint("cardinality(evidence) BETWEEN 1 AND 50", name=op.f("ck_hazards_evident")),
        sa.CheckConstraint(
            "likelihood BETWEEN 1 AND 5 AND severity BETWEEN 1 AND 5", name=op.f("ck_hazards_levels")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_hazards_version")),
        sa.CheckConstraint("what IS NOT NULL OR danger IS NOT NULL", name=op.f("ck_hazards_says_what")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazards")),
        comment="what complaints warn of before it happens",
    )
    op.create_index("ix_hazards_newest", "hazards", ["registered_at", "id"], unique=False)
    op.create_index(
        "uq_hazards_live",
        "hazards",
        ["danger", sa.literal_column("coalesce(product, '')")],
        unique=True,
        postgresql_where=sa.text("danger IS NOT NULL AND state <> 'removed'"),
    )
    op.create_index(
        "ix_voices_dangers",
        "voices",
        ["registered_at"],
        unique=False,
        postgresql_where=sa.text("cardinality(dangers) > 0"),
    )


def downgrade() -> None:
    op.drop_table("hazards")
    op.drop_table("training_needs")
    op.drop_table("conduct")
    op.drop_table("voices")
    op.drop_table("voice_sums")
