"""Rulebooks; calendars, teams, absences and certificates."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False, comment="IANA name of the time zone"),
        sa.Column(
            "spans",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment='weekday (0: Monday) to [["09:00", "12:00"], ...]',
        ),
        sa.Column(
            "china",
            sa.Boolean(),
            nullable=False,
            comment="China's holidays are free, its make-up days worked",
        ),
        sa.Column("closed", sa.ARRAY(sa.Date()), nullable=False, comment="further days without work"),
        sa.Column(
            "special",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="days with spans of their own, by date",
        ),
        sa.CheckConstraint("jsonb_typeof(spans) = 'object'", name=op.f("ck_calendars_spans")),
        sa.CheckConstraint("jsonb_typeof(special) = 'object'", name=op.f("ck_calendars_special")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_calendars")),
    )
    op.create_table(
        "rulebook_versions",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="counts from 1; 0 is what Redress is shipped with",
        ),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the content"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_rulebook_versions_version")),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_rulebook_versions")),
    )
    op.create_table(
        "rulebook_switches",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=False,
            comment="counts the switches of a kind; the highest counts",
        ),
        sa.Column("version", sa.Integer(), nullable=True, comment="null: what Redress is shipped with"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("switched_by", sa.Text(), nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["kind", "version"],
            ["rulebook_versions.kind", "rulebook_versions.version"],
            name="fk_rulebook_switches_version",
        ),
        sa.PrimaryKeyConstraint("kind", "number", name=op.f("pk_rulebook_switches")),
    )
    op.create_table(
        "teams",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["department"], ["departments.code"], name=op.f("fk_teams_department")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_teams")),
        sa.UniqueConstraint("code", "department", name=op.f("uq_teams_code")),
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="leave, sickness, travel, training, other"),
        sa.CheckConstraint("since < until", name=op.f("ck_absences_order")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_absences_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_person"), "absences", ["person"], unique=False)
    op.create_table(
        "certificates",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="what the person was trained for: `safety`"),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("issued_at < expires_at", name=op.f("ck_certificates_order")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_certificates_person")),
        sa.PrimaryKeyConstraint("person", "code", name=op.f("pk_certificates")),
    )
    op.add_column(
        "departments", sa.Column("calendar", sa.Text(), nullable=True, comment="null: works at any time")
    )
    op.add_column("departments", sa.Column("active", sa.Boolean(), server_default="true", nullable=False))
    op.create_foreign_key(op.f("fk_departments_calendar"), "departments", "calendars", ["calendar"], ["code"])
    op.add_column(
        "people",
        sa.Column("account", sa.Text(), nullable=True, comment="principal with which the person signs in"),
    )
    op.add_column("people", sa.Column("email", sa.Text(), nullable=True, comment="at work"))
    op.add_column("people", sa.Column("role", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("team", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("skills", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("people", sa.Column("calendar", sa.Text(), nullable=True, comment="null: the department's"))
    op.add_column("people", sa.Column("deputy", sa.Text(), nullable=True, comment="stands in during absence"))
    op.add_column("people", sa.Column("supervisor", sa.Text(), nullable=True))
    op.add_column(
        "people", sa.Column("meets_customers", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column(
        "people",
        sa.Column(
            "remedies",
            sa.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="granted without asking",
        ),
    )
    op.add_column(
        "people",
        sa.Column(
            "amount",
            sa.Numeric(precision=14, scale=2),
            nullable=True,
            comment="granted at most without asking",
        ),
    )
    op.add_column("people", sa.Column("currency", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_people_account"), "people", ["account"])
    op.create_foreign_key("fk_people_team", "people", "teams", ["team", "department"], ["code", "department"])
    op.create_foreign_key(op.f("fk_people_deputy"), "people", "people", ["deputy"], ["id"])
    op.create_foreign_key(op.f("fk_people_supervisor"), "people", "people", ["supervisor"], ["id"])
    op.create_foreign_key(op.f("fk_people_calendar"), "people", "calendars", ["calendar"], ["code"])
    op.create_check_constraint(op.f("ck_people_deputy"), "people", "deputy <> id")
    op.create_check_constraint(op.f("ck_people_supervisor"), "people", "supervisor <> id")
    op.create_check_constraint(op.f("ck_people_amount"), "people", "(amount IS NULL) = (currency IS NULL)")


def downgrade() -> None:
    for name in ("deputy", "supervisor", "amount"):
        op.drop_constraint(op.f(f"ck_people_{name}"), "people")
    op.drop_constraint(op.f("fk_people_calendar"), "people", type_="foreignkey")
    op.drop_constraint(op.f("fk_people_supervisor"), "people", type_="foreignkey")
    op.drop_constraint(op.f("fk_people_deputy"), "people", type_="foreignkey")
    op.drop_constraint("fk_people_team", "people", type_="foreignkey")
    op.drop_constraint(op.f("uq_people_account"), "people", type_="unique")
    op.drop_column("people", "currency")
    op.drop_column("people", "amount")
    op.drop_column("people", "remedies")
    op.drop_column("people", "meets_customers")
    op.drop_column("people", "supervisor")
    op.drop_column("people", "deputy")
    op.drop_column("people", "calendar")
    op.drop_column("people", "skills")
    op.drop_column("people", "team")
    op.drop_column("people", "role")
    op.drop_column("people", "email")
    op.drop_column("people", "account")
    op.drop_constraint(op.f("fk_departments_calendar"), "departments", type_="foreignkey")
    op.drop_column("departments", "active")
    op.drop_column("departments", "calendar")
    op.drop_table("certificates")
    op.drop_index(op.f("ix_absences_person"), table_name="absences")
    op.drop_table("absences")
    op.drop_table("teams")
    op.drop_table("rulebook_switches")
    op.drop_table("rulebook_versions")
    op.drop_table("calendars")
