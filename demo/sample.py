"""The complaints of the sample, and what will happen to each: drawn once, before anything is posted."""

import json
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

SEED = 7
FOLDER = Path(__file__).parent

SATISFIED, ACCEPTABLE, NOT_ACCEPTABLE = "satisfied", "acceptable", "not_acceptable"


class Retry(StrEnum):
    """What the client does about an answer that it pretends not to have had."""

    AFTER = "after"
    """It sends the same again."""
    AT_ONCE = "at once"
    """It sends the same twice at the same time."""


class Way(StrEnum):
    ANSWER = "answer"
    """A minor matter that is put right at once."""
    OFFERS = "offers"
    NOT_VALID = "not valid"
    """It is judged not valid; the explanation is the result."""


@dataclass(frozen=True)
class Plan:
    """What the client, the handler and the customer will do."""

    retry: Retry | None
    left_open: str | None
    """State of the case in which everybody leaves it, on purpose."""
    way: Way
    interim_reply: bool
    declines: bool
    """The customer objects to the first round of offers."""
    choice: int
    """Rank of the offer that the customer chooses."""
    opinions: tuple[str, ...]
    """What the customer says of each result, until the case is closed."""
    category: str
    """What the triage desk decides, if the rules are not sure."""
    offers: int


@dataclass
class Complaint:
    """One complaint of the demo, and what became of it as far as its people know."""

    number: int
    body: dict[str, Any]
    plan: Plan
    status: int | None = None
    """Answer to the posting."""
    id: str = ""
    reference: str = ""
    token: str = ""
    replayed_as: str | None = None
    """Complaint that the retry was answered with."""
    state: str = "open"
    """State that the case was left in."""
    outcome: str | None = None
    referred: bool = False
    approvals: int = 0
    """Permits that its handler asked for and was granted."""
    error: str | None = None
    """Why its play broke off."""

    @property
    def key(self) -> str:
        return f"demo-{self.number}"

    @property
    def language(self) -> str:
        language: str = self.body["language"]
        return language

    @property
    def by_phone(self) -> bool:
        """The customer has no screen: what they say, the handler writes down."""
        return bool(self.body["channel"] == "phone")


def complaints(count: int) -> list[Complaint]:
    """The first `count`, English and Chinese in turn; after the last one, the same again of new customers."""
    languages = [_read(FOLDER / f"complaints_{language}.jsonl") for language in ("en", "zh")]
    bodies = list(chain.from_iterable(zip(*languages, strict=True)))
    rng = Random(SEED)  # noqa: S311 - a play, not a secret
    return [
        Complaint(n, body := _anew(bodies[n % len(bodies)], n // len(bodies)), _plan(rng, body))
        for n in range(count)
    ]


def most_eventful(played: list[Complaint]) -> Complaint:
    """The complaint whose story is worth following."""

    def events(complaint: Complaint) -> tuple[bool, int]:
        plan = complaint.plan
        live = plan.left_open is None and not complaint.by_phone and plan.way is Way.OFFERS
        return live, 2 * plan.declines + plan.interim_reply + 2 * len(plan.opinions)

    return max(played, key=events)


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _anew(body: dict[str, Any], time: int) -> dict[str, Any]:
    if time == 0 or "customer" not in body:
        return body
    customer = dict(body["customer"])
    if "external_id" in customer:
        customer["external_id"] += f"-{time + 1}"
    if "email" in customer:
        customer["email"] = customer["email"].replace("@", f"+{time + 1}@")
    return body | {"customer": customer}


def _plan(rng: Random, body: dict[str, Any]) -> Plan:
    """The same numbers are drawn whatever comes of them, so that one change moves nothing else."""
    retry = rng.choices([None, *Retry], [85, 8, 7])[0]
    left_open = rng.choices([None, "open", "accepted", "offered"], [95, 2, 1, 2])[0]
    way = rng.choices(list(Way), [12, 78, 10])[0]
    first = rng.choices([SATISFIED, ACCEPTABLE, NOT_ACCEPTABLE], [70, 20, 10])[0]
    second = rng.choices([SATISFIED, ACCEPTABLE, NOT_ACCEPTABLE], [40, 40, 20])[0]
    goods = ("function_fault", "appearance", "after_sales", "late_delivery")
    service = ("after_sales", "service_attitude")
    return Plan(
        retry=retry,
        left_open=left_open,
        way=way if body["kind"] == "complaint" else Way.ANSWER,
        interim_reply=rng.random() < 0.15,
        declines=rng.random() < 0.12,
        choice=rng.choices([1, 2, 3], [70, 20, 10])[0],
        opinions=(first, second) if first == NOT_ACCEPTABLE else (first,),
        category=rng.choice(goods if body.get("about") == "goods" else service),
        offers=rng.choice([3, 4]),
    )
