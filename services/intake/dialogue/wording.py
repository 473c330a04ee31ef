"""What a person of the company is about to say to a customer, held against the policy of the reply check."""

import asyncio

from shared.auth import Principal
from shared.database import Transaction
from shared.reply_check import check
from shared.reply_policy import REPLY_POLICY, Readers
from shared.reply_policy.answering import LookedOver, let_through
from shared.rulebooks.store import load_books


async def looked_over(
    transaction: Transaction, who: Principal, field: str, text: str, despite: str | None
) -> LookedOver:
    """`field` is where the text stands in the body. Raises a 422 problem that names the words when they are blocked."""
    policy = (await load_books(transaction.connection, REPLY_POLICY)).read(REPLY_POLICY)
    found = await asyncio.to_thread(check, text)
    return let_through(policy.judge({field: found}, Readers.CUSTOMER), policy, who, despite)
