"""Webhooks: filters, thin payloads, ordering, any number of secrets; every attempt at a delivery is written down."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

OPEN = sa.text("status IN ('pending', 'leased')")


def upgrade() -> None:
    _conversations()
    _subscriptions()
    _secrets()
    _forwarded_events()
    _deliveries()


def _conversations() -> None:
    op.add_column(
        "conversations",
        sa.Column(
            "places",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            server_default="{}",
            comment="of the taxonomy, that it was ever given",
        ),
    )
    op.add_column("conversations", sa.Column("severity", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_conversations_severity"), "conversations", "severity IN ('general', 'urgent', 'major')"
    )
    op.execute("UPDATE conversations SET places = ARRAY[category] WHERE category IS NOT NULL")


def _subscriptions() -> None:
    for column in (
        sa.Column(
            "audiences",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            server_default="{}",
            comment="whose notices, too",
        ),
        sa.Column(
            "categories",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            server_default="{}",
            comment="none: all",
        ),
        sa.Column("least_severity", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False, server_default="full"),
        sa.Column("ordering", sa.Text(), nullable=False, server_default="patient"),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True, comment="when it was last switched on"),
    ):
        op.add_column("subscriptions", column)
    op.execute("UPDATE subscriptions SET since = created_at")
    op.alter_column("subscriptions", "since", nullable=False)
    op.alter_column(
        "subscriptions",
        "paused_until",
        comment="nothing is sent before; then one probe",
        existing_comment="circuit breaker: nothing is sent before",
    )
    op.drop_constraint(op.f("ck_subscriptions_event_types"), "subscriptions")
    for name, condition in (
        ("event_types", "cardinality(event_types) + cardinality(audiences) > 0"),
        ("payload", "payload IN ('full', 'thin')"),
        ("ordering", "ordering IN ('patient', 'strict', 'none')"),
        ("least_severity", "least_severity IN ('general', 'urgent', 'major')"),
    ):
        op.create_check_constraint(op.f(f"ck_subscriptions_{name}"), "subscriptions", condition)


def _secrets() -> None:
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="the key comes from the installation secret"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="it signs until then; null: for good",
        ),
        sa.CheckConstraint("ends_at >= made_at", name=op.f("ck_webhook_secrets_ends")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_webhook_secrets_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secrets")),
        comment="Of each webhook one signs for good, and older ones beside it until they end.",
    )
    op.create_index("ix_webhook_secrets_subscription", "webhook_secrets", ["subscription_id", "made_at"])
    op.create_index(
        "uq_webhook_secrets_lasting",
        "webhook_secrets",
        ["subscription_id"],
        unique=True,
        postgresql_where=sa.text("ends_at IS NULL"),
    )
    op.execute(
        "INSERT INTO webhook_secrets (id, subscription_id, sealed, made_at, ends_at) "
        "SELECT gen_random_uuid(), id, previous_secret, created_at, greatest(created_at, previous_until) "
        "FROM subscriptions WHERE previous_secret IS NOT NULL AND deleted_at IS NULL "
        "UNION ALL SELECT gen_random_uuid(), id, secret, "
        "coalesce(greatest(created_at, previous_until - interval '24 hours'), created_at), NULL "
        "FROM subscriptions WHERE secret <> '' AND deleted_at IS NULL"
    )
    op.drop_constraint(op.f("ck_subscriptions_previous"), "subscriptions")
    for name in ("secret", "previous_secret", "previous_until"):
        op.drop_column("subscriptions", name)


def _forwarded_events() -> None:
    op.add_column(
        "forwarded_events",
        sa.Column(
            "number",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="order of arrival",
        ),
    )
    for column in (
        sa.Column("event_type", sa.Text(), nullable=True, comment="without the version"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True, comment="when it happened"),
    ):
        op.add_column("forwarded_events", column)
    # What was erased says neither any more; nobody is told of it.
    op.execute(
        "UPDATE forwarded_events SET "
        "event_type = CASE WHEN body = '' THEN 'erased' "
        "ELSE regexp_replace(CAST(body AS jsonb)->>'type', '\\.v[0-9]+$', '') END, "
        "at = CASE WHEN body = '' THEN '1970-01-01Z' ELSE CAST(CAST(body AS jsonb)->>'time' AS timestamptz) END"
    )
    op.alter_column("forwarded_events", "event_type", nullable=False)
    op.alter_column("forwarded_events", "at", nullable=False)


def _deliveries() -> None:
    op.add_column(
        "deliveries",
        sa.Column(
            "attempts_before",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="it was last sent again: the schedule counts from there",
        ),
    )
    op.create_check_constraint(
        op.f("ck_deliveries_attempts"), "deliveries", "attempts_before BETWEEN 0 AND attempts"
    )
    op.drop_index("ix_deliveries_due", "deliveries")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["audience", "next_attempt_at", "number"],
        postgresql_where=OPEN,
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="one that is missing died with its courier"
        ),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True, comment="the way that was tried; null: none"),
        sa.Column("code", sa.Integer(), nullable=True, comment="of the receiver's answer"),
        sa.Column(
            "answer", sa.Text(), nullable=True, comment="a subscriber's, masked and cut; of nobody else"
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="no personal data; null: delivered"),
        sa.CheckConstraint("number > 0", name=op.f("ck_attempts_number")),
        sa.CheckConstraint("began_at <= ended_at", name=op.f("ck_attempts_time")),
        sa.CheckConstraint("length(answer) <= 1024", name=op.f("ck_attempts_answer")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempts")),
        comment="Kept for a while; the delivery itself stays.",
    )
    op.create_index("ix_attempts_ended_at", "attempts", ["ended_at"])


def downgrade() -> None:
    op.drop_table("attempts")
    op.drop_index("ix_deliveries_due", "deliveries")
    op.create_index("ix_deliveries_due", "deliveries", ["audience", "next_attempt_at"], postgresql_where=OPEN)
    op.drop_constraint(op.f("ck_deliveries_attempts"), "deliveries")
    op.drop_column("deliveries", "attempts_before")
    for name in ("number", "event_type", "at"):
        op.drop_column("forwarded_events", name)
    op.add_column("subscriptions", sa.Column("secret", sa.Text(), nullable=True))
    op.add_column("subscriptions", sa.Column("previous_secret", sa.Text(), nullable=True))
    op.add_column("subscriptions", sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE subscriptions s SET secret = coalesce((SELECT sealed FROM webhook_secrets w "
        "WHERE w.subscription_id = s.id AND w.ends_at IS NULL), '')"
    )
    op.alter_column("subscriptions", "secret", nullable=False)
    op.create_check_constraint(
        op.f("ck_subscriptions_previous"),
        "subscriptions",
        "(previous_secret IS NULL) = (previous_until IS NULL)",
    )
    op.drop_table("webhook_secrets")
    for name in ("payload", "ordering", "least_severity", "event_types"):
        op.drop_constraint(op.f(f"ck_subscriptions_{name}"), "subscriptions")
    op.execute("UPDATE subscriptions SET event_types = '{*}' WHERE cardinality(event_types) = 0")
    op.create_check_constraint(
        op.f("ck_subscriptions_event_types"), "subscriptions", "cardinality(event_types) > 0"
    )
    for name in (
        *("audiences", "categories", "least_severity", "payload", "ordering"),
        *("last_success_at", "since"),
    ):
        op.drop_column("subscriptions", name)
    op.drop_column("conversations", "severity")
    op.drop_column("conversations", "places")
