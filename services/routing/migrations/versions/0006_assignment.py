"""Assignment: what waits and why, whom it may never go to, who takes part, and a version of the directory."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WATCHED = {
    "departments": "INSERT OR DELETE OR UPDATE",
    "calendars": "INSERT OR DELETE OR UPDATE",
    "absences": "INSERT OR DELETE OR UPDATE",
    "certificates": "INSERT OR DELETE OR UPDATE",
    # Not what they carry, which changes with every assignment.
    "people": "INSERT OR DELETE OR UPDATE OF id, name, department, languages, capacity, active, skills, "
    "calendar, deputy",
}
# A colon before a word would be a parameter.
NEEDS = (
    "concat('{\"category\"\\:', to_json(category), ',\"severity\"\\:', to_json(severity), "
    '\',"language"\\:\', to_json(coalesce(language, \'zh\')), \',"subcategory"\\:null,"kind"\\:null,'
    '"nature"\\:null,"visibility"\\:null,"against"\\:\', coalesce(to_json(against)\\:\\:text, \'null\'), '
    '\',"accused"\\:[],"proposed"\\:null,"climbs"\\:0}\')'
)


def upgrade() -> None:
    op.create_table(
        "directory_version",
        sa.Column("one", sa.SmallInteger(), nullable=False),
        sa.Column(
            "version", sa.Uuid(), nullable=False, comment="drawn anew with every change of the directory"
        ),
        sa.CheckConstraint("one = 1", name=op.f("ck_directory_version_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_directory_version")),
    )
    op.execute("INSERT INTO directory_version VALUES (1, gen_random_uuid())")
    # By the table's schema: whoever changes the directory may have another search path.
    op.execute(
        "CREATE FUNCTION directory_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "EXECUTE format('UPDATE %I.directory_version SET version = gen_random_uuid()', TG_TABLE_SCHEMA); "
        "PERFORM pg_notify('redress_queue', ''); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE FUNCTION rules_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_notify('redress_queue', ''); RETURN NULL; END $$"
    )
    op.add_column(
        "people",
        sa.Column(
            "turn",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="number of their last assignment",
        ),
    )
    for table, events in WATCHED.items():
        op.execute(
            f"CREATE TRIGGER directory_changed AFTER {events} ON {table} EXECUTE FUNCTION directory_changed()"
        )
    op.execute(
        "CREATE TRIGGER rules_changed AFTER INSERT ON rulebook_switches EXECUTE FUNCTION rules_changed()"
    )
    for column in (
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("subcategory", sa.Text(), nullable=True, comment="as somebody coded it"),
        sa.Column(
            "accused", sa.ARRAY(sa.Text()), server_default="{}", nullable=False, comment="never carry it"
        ),
        sa.Column(
            "basis",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="why the handler was chosen",
        ),
        sa.Column(
            "needs", sa.Text(), nullable=True, comment="what it asks of whoever takes it, while it waits"
        ),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("climbs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("climbed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased", sa.Boolean(), server_default="false", nullable=False, comment="the customer is"),
        sa.Column("because", sa.Text(), nullable=True, comment="why whoever had it has it no more"),
        sa.Column(
            "involved",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
            comment="departments that take part",
        ),
    ):
        op.add_column("dispatches", column)
    fill = f"UPDATE dispatches SET needs = {NEEDS}, waiting_since = registered_at WHERE status = 'waiting'"  # noqa: S608 - own names only
    op.execute(fill)
    op.create_check_constraint(
        op.f("ck_dispatches_waiting"),
        "dispatches",
        "(status = 'waiting') = (needs IS NOT NULL) AND (status = 'waiting') = (waiting_since IS NOT NULL)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_dispatches_waiting"), "dispatches", type_="check")
    for name in (
        "involved",
        "erased",
        "because",
        "climbed_at",
        "climbs",
        "waiting_since",
        "needs",
        "basis",
        "accused",
        "subcategory",
        "kind",
    ):
        op.drop_column("dispatches", name)
    op.execute("DROP TRIGGER rules_changed ON rulebook_switches")
    for table in WATCHED:
        op.execute(f"DROP TRIGGER directory_changed ON {table}")
    op.drop_column("people", "turn")
    op.execute("DROP FUNCTION rules_changed()")
    op.execute("DROP FUNCTION directory_changed()")
    op.drop_table("directory_version")
