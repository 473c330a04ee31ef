"""Directory with versions, findings, training, rewards, duties."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


CHECKS = (("departments", "successor", "successor <> code"),)


def upgrade() -> None:
    op.create_table(
        "earnings",
        sa.Column(
            "id", sa.Uuid(), nullable=False, comment="follows from fact and result, so that it counts once"
        ),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False, comment="what the fact says of the handling"),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("book_version", sa.Integer(), nullable=False, comment="of the rulebook `rewards`"),
        sa.Column("fact_type", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points BETWEEN -1000 AND 1000", name=op.f("ck_earnings_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earnings")),
    )
    op.create_index(op.f("ix_earnings_complaint_id"), "earnings", ["complaint_id"], unique=False)
    op.create_index("ix_earnings_period", "earnings", ["earned_at", "person"], unique=False)
    op.create_index(
        "ix_earnings_person",
        "earnings",
        ["person", sa.literal_column("earned_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="code or id of what it is about"),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="names and numbers for the words",
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("settled_at >= opened_at", name=op.f("ck_findings_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(
        "ix_findings_newest",
        "findings",
        [sa.literal_column("opened_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_findings_open",
        "findings",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "policies",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts from 1"),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column(
            "targets",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what is to be reached: measure, value, unit",
        ),
        sa.Column("layers", sa.ARRAY(sa.SmallInteger()), nullable=False, comment="whom it concerns"),
        sa.Column("departments", sa.ARRAY(sa.Text()), nullable=False, comment="whom it concerns, too"),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cardinality(layers) + cardinality(departments) > 0", name=op.f("ck_policies_concerns")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_policies_version")),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_policies")),
        comment="A version never changes; the newest that is valid holds.",
    )
    op.create_table(
        "skills",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="counts its changes"),
        sa.Column(
            "source",
            sa.Text(),
            nullable=True,
            comment="the system that brings it: whoever it does not name any more is gone",
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_skills")),
    )
    op.create_table(
        "training_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course", sa.Text(), nullable=False, comment="code in the rulebook `courses`"),
        sa.Column(
            "book_version", sa.Integer(), nullable=False, comment="of that rulebook, by which it is held"
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trainer", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_training_sessions_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_sessions")),
    )
    op.create_index(
        "ix_training_sessions_newest",
        "training_sessions",
        [sa.literal_column("starts_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "training_needs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False, comment="the one that tipped it"),
        sa.Column("person", sa.Text(), nullable=True, comment="as insights know them"),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False, comment="category or cause"),
        sa.Column("kind", sa.Text(), nullable=False, comment="of training"),
        sa.Column("complaints", sa.Integer(), nullable=False, comment="how many speak for it"),
        sa.Column("evidence", sa.ARRAY(sa.Uuid()), nullable=False, comment="some of them"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session", sa.Uuid(), nullable=True, comment="meant to meet it"),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_how", sa.Text(), nullable=True, comment="met by a result, or settled by somebody"),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("settled_how IN ('met', 'by_hand')", name=op.f("ck_training_needs_settled_how")),
        sa.CheckConstraint("(person IS NULL) <> (department IS NULL)", name=op.f("ck_training_needs_whose")),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_how IS NULL) AND (settled_at IS NULL) = (settled_by IS NULL)",
            name=op.f("ck_training_needs_settled"),
        ),
        sa.CheckConstraint("complaints > 0", name=op.f("ck_training_needs_complaints")),
        sa.ForeignKeyConstraint(
            ["session"], ["training_sessions.id"], name=op.f("fk_training_needs_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_needs")),
    )
    op.create_index(
        "ix_training_needs_newest",
        "training_needs",
        [sa.literal_column("found_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "drill_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("drill", sa.Text(), nullable=False, comment="code in the rulebook `drills`"),
        sa.Column("book_version", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True, comment="what the person said or wrote"),
        sa.Column(
            "grades",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="points by item of the checklist",
        ),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False, comment="points that could be had"),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("graded_by", sa.Text(), nullable=False),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points BETWEEN 0 AND most", name=op.f("ck_drill_runs_points")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_drill_runs_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill_runs")),
    )
    op.create_index(
        "ix_drill_runs_person",
        "drill_runs",
        ["person", sa.literal_column("graded_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "policy_acknowledgements",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["code", "version"],
            ["policies.code", "policies.version"],
            name="fk_policy_acknowledgements_policy",
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_policy_acknowledgements_person")),
        sa.PrimaryKeyConstraint("code", "version", "person", name=op.f("pk_policy_acknowledgements")),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=True, comment="code of the policy that it is about"),
        sa.Column("process", sa.Text(), nullable=True, comment="what it is about, if not a policy"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (answer IS NULL)", name=op.f("ck_proposals_answer")),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined')", name=op.f("ck_proposals_state")),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL)",
            name=op.f("ck_proposals_answered"),
        ),
        sa.CheckConstraint("policy IS NULL OR process IS NULL", name=op.f("ck_proposals_about")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_proposals_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index(
        "ix_proposals_newest",
        "proposals",
        [sa.literal_column("proposed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "requeues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("to_person", sa.Text(), nullable=True, comment="null: back to the queue"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("to_person <> person", name=op.f("ck_requeues_to_person")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_requeues_person")),
        sa.ForeignKeyConstraint(["to_person"], ["people.id"], name=op.f("fk_requeues_to_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requeues")),
        comment="Whoever carried complaints and no longer does: where these go.",
    )
    op.create_index(
        "ix_requeues_open", "requeues", ["person"], unique=True, postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_table(
        "training_participants",
        sa.Column("session", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_training_participants_person")),
        sa.ForeignKeyConstraint(
            ["session"], ["training_sessions.id"], name=op.f("fk_training_participants_session")
        ),
        sa.PrimaryKeyConstraint("session", "person", name=op.f("pk_training_participants")),
    )
    op.create_table(
        "training_results",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="of the course, as it was then"),
        sa.Column("assessed_how", sa.Text(), nullable=False, comment="questionnaire, exam or practice"),
        sa.Column("session", sa.Uuid(), nullable=True),
        sa.Column("drill_run", sa.Uuid(), nullable=True),
        sa.Column("score", sa.Numeric(precision=5, scale=2), nullable=False, comment="per cent"),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True, comment="to the person"),
        sa.Column("certificate", sa.Text(), nullable=True, comment="what it gave"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assessed_by", sa.Text(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(certificate IS NULL) = (expires_at IS NULL)", name=op.f("ck_training_results_expires")
        ),
        sa.CheckConstraint("(session IS NULL) <> (drill_run IS NULL)", name=op.f("ck_training_results_once")),
        sa.CheckConstraint("certificate IS NULL OR passed", name=op.f("ck_training_results_certificate")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_training_results_score")),
        sa.ForeignKeyConstraint(["drill_run"], ["drill_runs.id"], name=op.f("fk_training_results_drill_run")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_training_results_person")),
        sa.ForeignKeyConstraint(
            ["session"], ["training_sessions.id"], name=op.f("fk_training_results_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_results")),
    )
    op.create_index(
        "ix_training_results_person",
        "training_results",
        ["person", sa.literal_column("assessed_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_training_results_session",
        "training_results",
        ["session", "person"],
        unique=True,
        postgresql_where=sa.text("session IS NOT NULL"),
    )
    op.add_column(
        "calendars",
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="counts its changes"),
    )
    op.add_column(
        "calendars",
        sa.Column(
            "source",
            sa.Text(),
            nullable=True,
            comment="the system that brings it: whoever it does not name any more is gone",
        ),
    )
    op.add_column(
        "departments",
        sa.Column("successor", sa.Text(), nullable=True, comment="takes over what it cannot do"),
    )
    op.add_column(
        "departments",
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="counts its changes"),
    )
    op.add_column(
        "departments",
        sa.Column(
            "source",
            sa.Text(),
            nullable=True,
            comment="the system that brings it: whoever it does not name any more is gone",
        ),
    )
    op.create_foreign_key(
        op.f("fk_departments_successor"), "departments", "departments", ["successor"], ["code"]
    )
    op.add_column(
        "dispatches", sa.Column("worked_by", sa.Text(), nullable=True, comment="who took the case up")
    )
    op.add_column(
        "dispatches",
        sa.Column(
            "replies", sa.Integer(), server_default="0", nullable=False, comment="promises that were kept"
        ),
    )
    op.add_column(
        "dispatches",
        sa.Column(
            "setbacks",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="promises broken, work resumed",
        ),
    )
    op.add_column(
        "people",
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="counts its changes"),
    )
    op.add_column(
        "people",
        sa.Column(
            "source",
            sa.Text(),
            nullable=True,
            comment="the system that brings it: whoever it does not name any more is gone",
        ),
    )
    op.drop_constraint("fk_people_team", "people", type_="foreignkey")
    op.create_foreign_key(
        "fk_people_team",
        "people",
        "teams",
        ["team", "department"],
        ["code", "department"],
        initially="DEFERRED",
        deferrable=True,
    )
    op.add_column("teams", sa.Column("lead", sa.Text(), nullable=True))
    op.add_column("teams", sa.Column("active", sa.Boolean(), server_default="true", nullable=False))
    op.add_column(
        "teams",
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="counts its changes"),
    )
    op.add_column(
        "teams",
        sa.Column(
            "source",
            sa.Text(),
            nullable=True,
            comment="the system that brings it: whoever it does not name any more is gone",
        ),
    )
    op.create_foreign_key(
        op.f("fk_teams_lead"),
        "teams",
        "people",
        ["lead"],
        ["id"],
        initially="DEFERRED",
        deferrable=True,
    )
    op.create_index(
        "ix_dispatches_carried",
        "dispatches",
        ["department", "handler_id"],
        unique=False,
        postgresql_where=sa.text("status = 'assigned'"),
    )
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a version of a policy never changes' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER policies_are_immutable BEFORE UPDATE OR DELETE ON policies "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    # An exclusion constraint over text and time needs an extension that not every server has. Absences are written
    # under the lock of the directory, so a trigger sees all that count.
    op.execute(
        """
        CREATE FUNCTION refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM absences a WHERE a.person = NEW.person AND a.id <> NEW.id
                       AND a.since < NEW.until AND NEW.since < a.until) THEN
                RAISE EXCEPTION 'absences of a person overlap' USING ERRCODE = 'exclusion_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER absences_lie_apart BEFORE INSERT OR UPDATE ON absences "
        "FOR EACH ROW EXECUTE FUNCTION refuse_overlap()"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION refuse_overlap() CASCADE")
    op.execute("DROP FUNCTION refuse_change() CASCADE")
    for table, name, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.drop_index("ix_dispatches_carried", table_name="dispatches")
    op.drop_constraint(op.f("fk_teams_lead"), "teams", type_="foreignkey")
    op.drop_column("teams", "source")
    op.drop_column("teams", "version")
    op.drop_column("teams", "active")
    op.drop_column("teams", "lead")
    op.drop_constraint("fk_people_team", "people", type_="foreignkey")
    op.create_foreign_key("fk_people_team", "people", "teams", ["team", "department"], ["code", "department"])
    op.drop_column("people", "source")
    op.drop_column("people", "version")
    op.drop_column("dispatches", "setbacks")
    op.drop_column("dispatches", "replies")
    op.drop_column("dispatches", "worked_by")
    op.drop_constraint(op.f("fk_departments_successor"), "departments", type_="foreignkey")
    op.drop_column("departments", "source")
    op.drop_column("departments", "version")
    op.drop_column("departments", "successor")
    op.drop_column("calendars", "source")
    op.drop_column("calendars", "version")
    op.drop_index("ix_training_results_session", table_name="training_results")
    op.drop_index("ix_training_results_person", table_name="training_results")
    op.drop_table("training_results")
    op.drop_table("training_participants")
    op.drop_index("ix_requeues_open", table_name="requeues")
    op.drop_table("requeues")
    op.drop_index("ix_proposals_newest", table_name="proposals")
    op.drop_table("proposals")
    op.drop_table("policy_acknowledgements")
    op.drop_index("ix_drill_runs_person", table_name="drill_runs")
    op.drop_table("drill_runs")
    op.drop_index("ix_training_needs_newest", table_name="training_needs")
    op.drop_table("training_needs")
    op.drop_index("ix_training_sessions_newest", table_name="training_sessions")
    op.drop_table("training_sessions")
    op.drop_table("skills")
    op.drop_table("policies")
    op.drop_index("ix_findings_open", table_name="findings")
    op.drop_index("ix_findings_newest", table_name="findings")
    op.drop_table("findings")
    op.drop_index("ix_earnings_person", table_name="earnings")
    op.drop_index("ix_earnings_period", table_name="earnings")
    op.drop_index(op.f("ix_earnings_complaint_id"), table_name="earnings")
    op.drop_table("earnings")
