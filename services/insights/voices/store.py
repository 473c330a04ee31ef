"""Tables of what was heard. Like the other read tables they can be dropped and made again from the log."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from services.insights.store import ROOM, metadata
from services.insights.voices.model import CUTS, WHATS, Contributions, Voice, contributions
from shared.bulk import save_rows
from shared.database import Transaction
from shared.rebuilding import BySaving

_NAMES = (
    *("remedies", "refused", "emotions", "facets", "praised"),
    *("threats", "churn", "dangers", "wishes", "opportunities"),
)

voices = Table(
    "voices",
    metadata,
    Column("id", Uuid, primary_key=True, comment="of the complaint"),
    Column("registered_at", DateTime(timezone=True)),
    *(Column(name, Text) for name in ("kind", "language", "channel", "product", "region", "category")),
    Column("customer_id", Uuid, comment="opaque"),
    Column("coded", ARRAY(Text), comment="values that a person gave it"),
    Column(
        "told", ARRAY(Text), nullable=False, comment="emotion of each contact as a person took it in, or ''"
    ),
    Column("told_at", ARRAY(DateTime(timezone=True)), nullable=False, comment="when each contact was"),
    Column("tones", ARRAY(Text), nullable=False, comment="valence heard in each contact, or ''"),
    Column("lexicon", Integer, comment="oldest version of the lexicons by which it was heard"),
    *(Column(name, ARRAY(Text), nullable=False) for name in _NAMES),
    Column(
        "held", ARRAY(Text), nullable=False, comment="emotion in each contact that a handler held and noted"
    ),
    Column("held_at", ARRAY(DateTime(timezone=True)), nullable=False),
    Column("erased", Boolean, nullable=False),
    CheckConstraint(
        "cardinality(told) = cardinality(tones) AND cardinality(told) = cardinality(told_at) "
        "AND cardinality(held) = cardinality(held_at)",
        name="contacts",
    ),
    CheckConstraint("(lexicon IS NULL) = (cardinality(tones) = 0)", name="heard"),
    CheckConstraint("NOT refused && remedies", name="refused_or_wanted"),
    comment="what the words of each complaint say, and no words",
)
Index("ix_voices_lexicon", voices.c.lexicon, voices.c.id, postgresql_where=~voices.c.erased)
Index(
    "ix_voices_opportunities",
    voices.c.registered_at,
    voices.c.id,
    postgresql_where=text("cardinality(opportunities) > 0"),
)
Index("ix_voices_dangers", voices.c.registered_at, postgresql_where=text("cardinality(dangers) > 0"))
Index("ix_voices_wishes", voices.c.registered_at, postgresql_where=text("cardinality(wishes) > 0"))

voice_sums = Table(
    "voice_sums",
    metadata,
    Column("dimension", Text, primary_key=True),
    Column("day", Date, primary_key=True, comment="of receipt, UTC"),
    Column("value", Text, primary_key=True, comment="'' while it is not known, and for dimension none"),
    Column("what", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="'' where any name counts; of labels: a set, joined"),
    Column("n", BigInteger, nullable=False, comment="complaints"),
    CheckConstraint("n > 0", name="not_empty"),
    CheckConstraint(f"dimension IN {CUTS}", name="dimension"),
    CheckConstraint(f"what IN {WHATS}", name="what"),
    comment="what was heard, counted per day, once for every dimension",
    postgresql_with=ROOM,
)

FIELDS = tuple(column.name for column in voices.columns)
_values_of = attrgetter(*FIELDS)
_LOAD = text(f"SELECT {', '.join(FIELDS)} FROM voices WHERE id = ANY(:ids)")  # noqa: S608 - own names only
_COUNT = text(
    "MERGE INTO voice_sums AS t USING (SELECT * FROM unnest(CAST(:dimension AS text[]), CAST(:day AS date[]), "
    "CAST(:value AS text[]), CAST(:what AS text[]), CAST(:name AS text[]), CAST(:n AS bigint[]))) "
    "AS d(dimension, day, value, what, name, n) ON t.dimension = d.dimension AND t.day = d.day "
    "AND t.value = d.value AND t.what = d.what AND t.name = d.name "
    "WHEN MATCHED AND t.n + d.n = 0 THEN DELETE "
    "WHEN MATCHED THEN UPDATE SET n = t.n + d.n "
    "WHEN NOT MATCHED THEN INSERT (dimension, day, value, what, name, n) "
    "VALUES (d.dimension, d.day, d.value, d.what, d.name, d.n)"
)


class VoiceStore:
    """Voices, loaded and saved in bulk, and the sums that are kept in the same transaction."""

    tables = (voices, voice_sums)

    async def load(self, transaction: Transaction, ids: Collection[UUID]) -> Mapping[UUID, Voice]:
        found: dict[UUID, Voice] = {}
        if ids:
            for row in (await transaction.execute(_LOAD, {"ids": list(ids)})).fetchall():
                voice = Voice(**dict(zip(FIELDS, row, strict=True)))
                voice.counted = contributions(voice)
                found[voice.id] = voice
        return {i: found.get(i) or Voice(id=i) for i in ids}

    async def save(self, transaction: Transaction, aggregates: Iterable[Voice]) -> None:
        """Hears what is new, beside the event loop: a text takes up to a millisecond."""
        changed = list(aggregates)
        await asyncio.to_thread(_hear, changed)
        await save_rows(
            transaction, voices, [dict(zip(FIELDS, _values_of(each), strict=True)) for each in changed]
        )
        delta: Contributions = Counter()
        for voice in changed:
            new = contributions(voice)
            if new != voice.counted:
                delta.update(new)
                delta.subtract(voice.counted)
                voice.counted = new
        rows = sorted((*cell, n) for cell, n in delta.items() if n)
        if not rows:
            return
        # As with the other rollups: one lock, taken last, instead of collisions and deadlocks of replicas.
        await transaction.hold("voices")
        names = ("dimension", "day", "value", "what", "name", "n")
        columns = map(list, zip(*rows, strict=True))
        await transaction.execute(_COUNT, dict(zip(names, columns, strict=True)))

    def blank(self, complaint_id: UUID) -> Voice:
        return Voice(id=complaint_id)

    def anew(self) -> BySaving[Voice]:
        return BySaving(self)


def _hear(changed: Iterable[Voice]) -> None:
    for voice in changed:
        voice.hear_new()
