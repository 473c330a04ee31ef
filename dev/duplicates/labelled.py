"""The labelled set: pairs of complaints, and whether they tell the same matter. The same pairs every time.

It is made from the 240 complaints of the demo (Chinese ones written for Redress, English ones of the CFPB; see
demo/README.md) by the rewritings beside this file, and from `retold.json`, in which people told 56 matters twice in
their own words. Every second complaint, and every second group of the retold, is held out: no weight was fitted to
them or to what is made from them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from dev.duplicates.rewriting import REWRITES, typos

HERE = Path(__file__).parent
DEMO = HERE.parent.parent / "demo"
SEED = 20261122

Told = dict[str, Any]

_TEMPLATES = {
    "zh": [
        "订单{order}付款{days}天了还没有发货，物流单号{parcel}查不到记录，请尽快处理。",
        "在你们店买的东西，单号{order}，签收第{days}天出现故障，申请退货被拒，快递{parcel}。",
        "设备编号{parcel}，运行{days}小时后停机，合同号{order}，请派人检修。",
    ],
    "en": [
        "I paid for order {order} {days} days ago and it has not been shipped; parcel {parcel} cannot be traced.",
        "My claim {order} was filed {days} days ago and nobody answers. The file number is {parcel}.",
        "Unit {parcel} stopped after {days} hours of operation, contract {order}. Please send a technician.",
    ],
}


@dataclass(frozen=True, slots=True)
class Pair:
    first: Told
    """The body of a registration, as the next one."""
    second: Told
    same: bool
    """Do they tell the same matter?"""
    kind: str
    held_out: bool


def pairs() -> list[Pair]:
    chance = Random(SEED)
    return [*_from_demo(chance), *_from_templates(chance), *_from_retold(chance)]


def _from_demo(chance: Random) -> Iterator[Pair]:
    for language in ("zh", "en"):
        bases = [_base(told, f"{language}-{n}") for n, told in enumerate(_demo(language))]
        for n, base in enumerate(bases):
            held_out = n % 2 == 1
            part = [other for m, other in enumerate(bases) if m % 2 == n % 2 and m != n]
            for kind, rewrite in REWRITES.items():
                text = rewrite(_text(base), language, chance)
                yield Pair(base, _again(base, text, chance), True, kind, held_out)
            heard = typos(_text(base), language, chance)
            yield Pair(base, _by_another(base, heard), True, "another reporter", held_out)
            if "order" in base:
                later = _again(base, heard, chance) | {"order": {"id": f"another-{n}"}}
                yield Pair(base, later, False, "like words, other order", held_out)
            if "product" in base:
                elsewhere = _by_another(base, heard) | {"product": {"name": f"{n} of another kind"}}
                yield Pair(base, elsewhere, False, "like words, other product", held_out)
            for other in chance.sample(part, 2):
                same_product = _by_another(base, _text(other))
                yield Pair(base, same_product, False, "same product, other defect", held_out)
            for other in chance.sample(part, 2):
                yield Pair(
                    base, _again(base, _text(other), chance), False, "same customer, other matter", held_out
                )
            yield Pair(base, chance.choice(part), False, "nothing in common", held_out)


def _from_templates(chance: Random) -> Iterator[Pair]:
    for language, templates in _TEMPLATES.items():
        for n in range(60):
            template = templates[n % len(templates)]
            first, second = (
                template.format(
                    order=f"SO{chance.randrange(10**8):08d}",
                    parcel=f"YT{chance.randrange(10**10):010d}",
                    days=chance.randrange(2, 40),
                )
                for _ in range(2)
            )
            one = _told(first, language, f"template-{language}-{n}", "P-100")
            same_customer = n % 2 == 0
            other = _again(one, second, chance) if same_customer else _by_another(one, second)
            yield Pair(one, other, False, "same template", n % 4 > 1)


def _from_retold(chance: Random) -> Iterator[Pair]:
    groups = json.loads((HERE / "retold.json").read_text("utf-8"))
    for n, group in enumerate(groups):
        language, product = group["language"], group["product"]
        held_out = n % 2 == 1
        for i, (first, second) in enumerate(group["matters"]):
            one = _told(first, language, f"retold-{n}", product)
            yield Pair(one, _again(one, second, chance), True, "retold", held_out)
            for j, (_, other) in enumerate(group["matters"]):
                if i != j:
                    again = _again(one, other, chance)
                    yield Pair(one, again, False, "retold, other matter", held_out)


def _demo(language: str) -> list[Told]:
    lines = (DEMO / f"complaints_{language}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _text(told: Told) -> str:
    text: str = told["statement"]["what_went_wrong"]
    return text


def _base(told: Told, name: str) -> Told:
    base = _told(_text(told), told["language"], name, None)
    return base | {part: told[part] for part in ("product", "order") if part in told}


def _told(text: str, language: str, customer: str, product: str | None) -> Told:
    return {
        "channel": "web_form",
        "language": language,
        "statement": {"what_went_wrong": text},
        "customer": {"external_id": f"D-{customer}", "email": f"{customer}@example.com"},
        **({"product": {"name": product}} if product else {}),
    }


def _again(base: Told, text: str, chance: Random) -> Told:
    """The same customer writes again: known by number or only by address, naming product and order or not."""
    told = base | {"statement": {"what_went_wrong": text}}
    if chance.random() < 0.3:
        told["customer"] = {"email": base["customer"]["email"]}
    if "product" in told and chance.random() < 0.3:
        del told["product"]
    if "order" in told and chance.random() < 0.5:
        del told["order"]
    return told


def _by_another(base: Told, text: str) -> Told:
    told = base | {"statement": {"what_went_wrong": text}}
    told["customer"] = {"email": f"another-{base['customer']['email']}"}
    told.pop("order", None)
    return told
