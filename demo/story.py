"""One complaint's story: every fact of it on the event log, in order, and when the customer saw it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from demo.calls import Screen

Data = dict[str, Any]


class Title(NamedTuple):
    en: str
    zh: str
    step: str | None = None
    """Name of the step on the customer's live stream."""
    says: Callable[[Data], str] = lambda data: ""


def _validity(data: Data) -> str:
    verdict = "valid" if data["reason_sufficient"] and data["demand_reasonable"] else "not valid"
    return f"{verdict}: {data['explanation']}"


TITLES: dict[str, Title] = {
    "complaint.registered": Title(
        "registered", "登记", "registered", lambda d: f"{d['reference']}, {d['completeness']:.0%} complete"
    ),
    "complaint.referred": Title(
        "to the triage desk", "转人工分类", None, lambda d: ", ".join(d["reasons"]) or "no rule is sure"
    ),
    "complaint.triaged": Title(
        "triaged", "分类定级", "triaged", lambda d: f"{d['category']}, {d['severity']}, by {d['decided_by']}"
    ),
    "complaint.assigned": Title(
        "assigned", "分派", "assigned", lambda d: f"{d['handler_name']}, {d['department']}"
    ),
    "case.opened": Title("case opened", "立案", "opened"),
    "promise.made": Title(
        "reply promised", "承诺答复", "promised", lambda d: f"by {d['due_at'][:16].replace('T', ' ')} UTC"
    ),
    "promise.kept": Title("promise kept", "承诺兑现"),
    "promise.broken": Title("promise broken", "承诺未兑现", "promise-missed"),
    "case.accepted": Title("taken up", "受理", "accepted", lambda d: d["handler_name"] or d["handler_id"]),
    "case.judged": Title("judged", "判断是否成立", "judged", _validity),
    "customer.told": Title("interim reply", "答复进展", "told", lambda d: str(d["message"])),
    "offers.made": Title(
        "offers",
        "提出方案",
        "offered",
        lambda d: "\n".join(f"{o['rank']}. {o['description']}" for o in d["offers"]),
    ),
    "offers.withdrawn": Title("offers withdrawn", "方案撤下", "offers_withdrawn"),
    "offers.declined": Title("customer declines", "顾客异议", None, lambda d: d["reason"] or ""),
    "offer.chosen": Title("customer chooses", "顾客选择", None, lambda d: f"offer {d['rank']}"),
    "offer.agreed": Title("consent recorded", "顾客同意", "agreed", lambda d: f"offer {d['rank']}"),
    "solution.carried-out": Title("carried out", "实施完毕", "carried_out", lambda d: str(d["result"])),
    "follow-up.requested": Title("opinion asked", "征求意见", "opinion_asked"),
    "opinion.given": Title(
        "customer's opinion", "顾客评价", None, lambda d: f"{d['outcome']}: {d.get('comment')}"
    ),
    "case.resumed": Title("taken up again", "继续处理", "resumed"),
    "case.closed": Title("closed", "结案", "closed", lambda d: str(d["outcome"])),
    "message.delivered": Title(
        "message delivered", "消息送达", None, lambda d: f"{d['template']}, by {d['channel']}"
    ),
    "message.failed": Title("message failed", "消息未送达", None, lambda d: str(d["reason"])),
    "notice.acknowledged": Title("notice acknowledged", "通知已阅"),
}


@dataclass(frozen=True)
class Event:
    seconds: float
    """Since the registration."""
    service: str
    type: str
    title: Title
    says: str
    seen_after_ms: int | None
    """From the fact to the customer's screen; None for what the customer is not shown live."""


_STORY = text(
    "SELECT headers, value FROM platform.records WHERE key = :key "
    # A consequence is always appended after its cause, whatever the topics.
    'ORDER BY appended_at, topic, "offset"'
)


async def story(engine: AsyncEngine, complaint_id: str, live: Screen | None) -> list[Event]:
    async with engine.connect() as connection:
        rows = (await connection.execute(_STORY, {"key": complaint_id})).all()
    facts = [
        (datetime.fromisoformat(headers["ce_time"]), headers, json.loads(value)) for headers, value in rows
    ]
    facts.sort(key=itemgetter(0))  # stable: facts of the same time stay as they are on the log
    ranks: dict[str, int] = {}
    told: list[Event] = []
    for at, headers, data in facts:
        name = headers["ce_type"].removeprefix("redress.").rpartition(".")[0]
        title = _title(name, data)
        ranks |= {offer["offer_id"]: offer["rank"] for offer in data.get("offers", ())}
        if "offer_id" in data:
            data["rank"] = ranks.get(data["offer_id"], "?")
        event = Event(
            round((at - facts[0][0]).total_seconds(), 3),
            headers["ce_source"].removeprefix("/redress/"),
            headers["ce_type"],
            title,
            title.says(data),
            _seen(live, title.step, at),
        )
        told.append(event)
    return told


def _title(name: str, data: Data) -> Title:
    if name.startswith("notice.") and name not in TITLES:
        audience = name.removeprefix("notice.")
        return Title("notice", "通知", None, lambda d: f"to {audience}: {d['reason']}")
    return TITLES.get(name, Title(name, ""))


def _seen(live: Screen | None, step: str | None, at: datetime) -> int | None:
    if live is None or step is None or at < live.opened:
        return None
    arrived = next((s.arrived for s in live.seen if s.step == step and s.at == at), None)
    return round((arrived - at).total_seconds() * 1000) if arrived else None
