"""The vault: what identifies somebody is sealed. Rows that are there already are sealed on the way."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from pydantic_core import from_json, to_json
from sqlalchemy.dialects import postgresql

from services.intake.vault.cipher import Vault
from shared.config import Settings

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TEXT, _JSON = sa.Text(), postgresql.JSONB(none_as_null=True)
_CONTACT = {"name": _TEXT, "email": _TEXT, "phone": _TEXT, "address": _TEXT}
PRIVATE: dict[str, dict[str, Any]] = {
    "customers": {"external_id": _TEXT},
    "complaints": {
        **_CONTACT,
        **dict.fromkeys(("what_went_wrong", "feeling", "wanted"), _TEXT),
        **dict.fromkeys(("product", "order", "facts", "expectation", "taken_by", "accused"), _JSON),
        "public_link": _TEXT,
    },
    "additions": {**_CONTACT, "said": _TEXT, "restatement": _TEXT, "told": _JSON},
    "restatement_answers": {"correction": _TEXT},
}
KEY = {"restatement_answers": "addition_id"}
BEFORE = {
    "complaints": {
        "accused_is_a_person": "accused IS NULL OR against = 'person'",
        "link_is_public": "public_link IS NULL OR visibility = 'public'",
        "anonymous_is_nobody": "complainant_type <> 'anonymous' OR num_nonnulls(name, email, phone, address) = 0",
    },
    "additions": {
        "adds_something": "told <> '{}' "
        "OR num_nonnulls(said, emotion, restatement, name, email, phone, address) > 0"
    },
    "restatement_answers": {"corrected_or_confirmed": "confirmed = (correction IS NULL)"},
}
AFTER = {
    "complaints": {
        "accused_is_a_person": "NOT 'accused' = ANY(holds) OR against = 'person'",
        "link_is_public": "NOT 'public_link' = ANY(holds) OR visibility = 'public'",
        "anonymous_is_nobody": "complainant_type <> 'anonymous' "
        "OR NOT holds && ARRAY['name', 'email', 'phone', 'address']",
        "says_something": "'what_went_wrong' = ANY(holds)",
    },
    "additions": {"adds_something": "emotion IS NOT NULL OR cardinality(holds) > 0"},
    "restatement_answers": {"corrected_or_confirmed": "confirmed <> ('correction' = ANY(holds))"},
}
TRIGGERS = {
    "complaints": ("told_is_immutable", "refuse_change"),
    "additions": ("entries_are_immutable", "refuse_rewriting"),
    "restatement_answers": ("entries_are_immutable", "refuse_rewriting"),
}
COMMENTS = {
    "complaints": (
        "What was told. A trigger refuses every change: additions are entries of their own.",
        "What was told. A trigger refuses every change but erasing and sealing anew.",
    ),
    "additions": (
        "Dated entries. A trigger refuses every change.",
        "Dated entries. A trigger refuses every change but erasing and sealing anew.",
    ),
    "restatement_answers": (
        "One for each restatement, and a trigger refuses every change.",
        "One for each restatement. A trigger refuses every change but erasing and sealing anew.",
    ),
}
"""Before and after."""
BATCH = 1000


def upgrade() -> None:
    _reads_and_erasures()
    for table, (before, after) in COMMENTS.items():
        op.create_table_comment(table, after, existing_comment=before)
    for table, columns in PRIVATE.items():
        op.add_column(
            table,
            sa.Column(
                "holds",
                sa.ARRAY(_TEXT),
                nullable=True,
                comment="names of the private fields that have a value",
            ),
        )
        op.add_column(
            table,
            sa.Column(
                "sealed", sa.LargeBinary(), nullable=True, comment="the private fields; empty once erased"
            ),
        )
        if table in TRIGGERS:
            op.execute(f"DROP TRIGGER {TRIGGERS[table][0]} ON {table}")
        _rewrite(table, _sealed)
        for name in BEFORE.get(table, {}):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        if table == "customers":
            op.drop_constraint(op.f("uq_customers_external_id"), table)
        for column in columns:
            op.drop_column(table, column)
        op.alter_column(table, "holds", nullable=False)
        op.alter_column(table, "sealed", nullable=False)
        for name, check in AFTER.get(table, {}).items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)
    # Who may set it: only what the vault does; what it must not touch stays as it is even so.
    op.execute(
        """
        CREATE FUNCTION refuse_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE doing text := current_setting('redress.vault', true);
        BEGIN
            IF to_jsonb(NEW) - 'sealed' = to_jsonb(OLD) - 'sealed' AND (
                (doing = 'erase' AND NEW.sealed = '') OR
                (doing = 'rotate' AND OLD.sealed <> '' AND NEW.sealed <> ''
                    AND substr(OLD.sealed, 1, 5) <> substr(NEW.sealed, 1, 5))) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'what a customer told is never changed' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for table in PRIVATE:
        op.execute(
            f"CREATE TRIGGER told_is_immutable BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_unsealed()"
        )
    op.create_index(
        "ix_complaints_unerased", "complaints", ["registered_at"], postgresql_where=sa.text("sealed <> ''")
    )


def downgrade() -> None:
    for table, (before, after) in COMMENTS.items():
        op.create_table_comment(table, before, existing_comment=after)
    op.drop_index("ix_complaints_unerased", "complaints")
    op.execute("DROP FUNCTION refuse_unsealed() CASCADE")
    for table, columns in PRIVATE.items():
        for name, type_ in columns.items():
            op.add_column(table, sa.Column(name, type_, nullable=True))
        _rewrite(table, _opened)
        for name in AFTER.get(table, {}):
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        op.drop_column(table, "holds")
        op.drop_column(table, "sealed")
        for name, check in BEFORE.get(table, {}).items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)
        if table in TRIGGERS:
            trigger, function = TRIGGERS[table]
            op.execute(
                f"CREATE TRIGGER {trigger} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
            )
    op.alter_column("complaints", "what_went_wrong", nullable=False)
    op.alter_column("additions", "told", nullable=False)
    op.create_unique_constraint(op.f("uq_customers_external_id"), "customers", ["external_id"])
    op.drop_table("erasures")
    op.drop_table("personal_data_reads")
    op.execute("DROP FUNCTION refuse_forgetting() CASCADE")


def _reads_and_erasures() -> None:
    op.create_table(
        "personal_data_reads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False, comment="who read"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="what for, masked"),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "what IN ('contact', 'attachment', 'thumbnail', 'export')",
            name=op.f("ck_personal_data_reads_what"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_data_reads")),
        comment="Who read personal data, and what for. A trigger refuses every change and removal.",
    )
    op.create_index("ix_personal_data_reads_complaint", "personal_data_reads", ["complaint_id", "id"])
    op.create_index("ix_personal_data_reads_principal", "personal_data_reads", ["principal", "id"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_by", sa.Text(), nullable=False, comment="principal, or `retention`"),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="masked"),
        sa.CheckConstraint("because IN ('requested', 'retention')", name=op.f("ck_erasures_because")),
        sa.CheckConstraint(
            "(because = 'requested') = (reason IS NOT NULL)", name=op.f("ck_erasures_has_reason")
        ),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_erasures_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        comment="What was erased, when, by whom and why. A trigger refuses every change and removal.",
    )
    op.create_index(op.f("ix_erasures_complaint_id"), "erasures", ["complaint_id"])
    op.create_index(op.f("ix_erasures_customer_id"), "erasures", ["customer_id"])
    op.execute(
        """
        CREATE FUNCTION refuse_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit trail is only added to' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    for table in ("personal_data_reads", "erasures"):
        op.execute(
            f"CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_forgetting()"
        )


def _rewrite(table: str, rewritten: Any) -> None:
    """Every row, a batch at a time, in the order of its key. The vault is only needed where there are rows."""
    connection, key = op.get_bind(), KEY.get(table, "id")
    columns = {key: sa.Uuid(), "holds": sa.ARRAY(_TEXT), "sealed": sa.LargeBinary(), **PRIVATE[table]}
    rows = sa.table(table, *(sa.column(name, type_) for name, type_ in columns.items()))
    query = sa.select(rows).order_by(rows.c[key]).limit(BATCH)
    found = connection.execute(query).mappings().all()
    vault = _vault() if found else None
    while found:
        update = sa.update(rows).where(rows.c[key] == sa.bindparam("its_key"))
        connection.execute(update, [{"its_key": row[key], **rewritten(vault, table, row)} for row in found])
        found = connection.execute(query.where(rows.c[key] > found[-1][key])).mappings().all()


def _vault() -> Vault:
    settings = Settings()
    return Vault(
        [*(k.get_secret_value().encode() for k in settings.vault_keys), settings.installation_secret]
    )


def _place(table: str, row: Mapping[str, Any]) -> str:
    return f"{table}/{row[KEY.get(table, 'id')]}"


def _sealed(vault: Vault, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    private = {name: row[name] for name in PRIVATE[table] if row[name]}
    sealed = vault.seal(to_json(private), _place(table, row)) if private else b""
    return {"holds": [*private], "sealed": sealed}


def _opened(vault: Vault, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    blank = dict.fromkeys(PRIVATE[table]) | ({"told": {}} if table == "additions" else {})
    blank |= {"what_went_wrong": "[erased]"} if table == "complaints" else {}
    return blank | (from_json(vault.open(row["sealed"], _place(table, row))) if row["sealed"] else {})
