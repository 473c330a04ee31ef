"""Tables of what was heard. Like the other read tables they can be dropped and made again from the log."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

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

from services.insights.rows import RowStore
from services.insights.store import ROOM, metadata
from services.insights.tally import Tally
from services.insights.voices.model import CUTS, WHATS, Contributions, Voice, contributions
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

_SUMS = Tally(voice_sums)


class VoiceStore(RowStore[Voice]):
    """Voices, loaded and saved in bulk, and the sums that are kept in the same transaction."""

    def __init__(self) -> None:
        super().__init__(voices, Voice, sums=[voice_sums])

    def of_row(self, row: Iterable[Any]) -> Voice:
        voice = super().of_row(row)
        voice.counted = contributions(voice)
        return voice

    async def save(self, transaction: Transaction, aggregates: Iterable[Voice]) -> None:
        """Hears what is new, beside the event loop: a text takes up to a millisecond."""
        changed = list(aggregates)
        await asyncio.to_thread(_hear, changed)
        await super().save(transaction, changed)
        delta: Contributions = Counter()
        for voice in changed:
            new = contributions(voice)
            if new != voice.counted:
                delta.update(new)
                delta.subtract(voice.counted)
                voice.counted = new
        rows = [(*cell, n) for cell, n in delta.items() if n]
        if rows:
            # As with the other rollups: one lock, taken last, instead of collisions and deadlocks of replicas.
            await transaction.hold("voices")
            await _SUMS.add(transaction, rows)

    def anew(self) -> BySaving[Voice]:
        return BySaving(self)


store = VoiceStore()


def _hear(changed: Iterable[Voice]) -> None:
    for voice in changed:
        voice.hear_new()
