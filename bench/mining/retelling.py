"""Are complaints found that tell the same? `python -m bench.mining.retelling [--pairs 2000] [--among 20000]`.

Pairs are made from a template of two to four sentences of the demo's complaints: the second one says it with other
numbers, in the other script or in capitals, with other punctuation and greetings, sentences in another order, and now
and then another word. They stand among complaints of the same sentences that tell something else. A pair is found when
both get the same recurrence. Two complaints that were not made as a pair tell the same, too, if the sentences that both
have are at least MOST of the signs of each.
"""

import argparse
import json
import time
from collections import defaultdict
from datetime import UTC, datetime
from itertools import combinations
from random import Random
from uuid import UUID

from opencc import OpenCC

from bench.mining.stories import LANGUAGES, sentences
from services.insights.recurrence.model import Candidates, Signed, connected
from services.insights.recurrence.signature import bands, said

SEED = 2026
MOST = 0.6
AT = datetime(2026, 1, 1, tzinfo=UTC)
_TRADITIONAL = OpenCC("s2t")
_BEFORE = {
    "zh": ("你好，", "客服您好：", "麻烦看一下，", ""),
    "en": ("Hello, ", "Dear team, ", "Please read this: ", ""),
}
_BEHIND = {
    "zh": ("请尽快处理。", "等你们回复！", "谢谢。", ""),
    "en": (" Please answer soon.", " Thanks.", " I wait for your answer!", ""),
}


Template = list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--among", type=int, default=20_000, help="others")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    chance = Random(asked.seed)
    told: list[tuple[int, Template, str]] = []
    for pair in range(asked.pairs):
        language = chance.choice(LANGUAGES)
        template = _template(chance, language)
        told += [
            (pair, template, _numbered(chance, language, template)),
            (pair, template, _retold(chance, language, template)),
        ]
    for number in range(asked.among):
        language = chance.choice(LANGUAGES)
        template = _template(chance, language)
        told.append((asked.pairs + number, template, _numbered(chance, language, template)))
    order = list(range(len(told)))
    chance.shuffle(order)
    candidates = Candidates()
    seen: dict[int, Signed] = {}
    took: list[float] = []
    for at, number in enumerate(order):
        began = time.thread_time()
        words = said(told[number][2])
        one = Signed(id=UUID(int=at + 1), registered_at=AT, product="x", said=words, bands=bands(words))
        moved = connected([one], candidates)
        took.append(time.thread_time() - began)
        for each in seen.values() if moved else ():
            assert each.recurrence_id is not None
            each.recurrence_id = moved.get(each.recurrence_id, each.recurrence_id)
        seen[number] = one
        candidates.add(one)
    groups: defaultdict[UUID | None, list[int]] = defaultdict(list)
    for number, one in seen.items():
        groups[one.recurrence_id].append(number)
    linked = right = found = 0
    for group in groups.values():
        for one_of, other in combinations(group, 2):
            pair = told[one_of][0] == told[other][0]
            found += pair
            linked += 1
            right += pair or _same(told[one_of][1], told[other][1])
    took.sort()
    print(
        json.dumps(
            {
                "pairs": asked.pairs,
                "among": asked.among,
                "recall": found / asked.pairs,
                "precision": right / max(1, linked),
                "p50_cpu_ms": round(took[len(took) // 2] * 1000, 2),
                "p95_cpu_ms": round(took[len(took) * 95 // 100] * 1000, 2),
            },
            indent=2,
        )
    )


def _template(chance: Random, language: str) -> Template:
    return chance.sample(sentences(language), chance.randint(2, 4))


def _same(one: Template, other: Template) -> bool:
    both = sum(map(len, set(one) & set(other)))
    return both >= MOST * max(sum(map(len, one)), sum(map(len, other)))


def _numbered(chance: Random, language: str, template: Template) -> str:
    number = chance.randrange(10**7, 10**8)
    tail = f"订单{number}。" if language == "zh" else f" Order {number}."
    return (" " if language == "en" else "").join(template) + tail


def _retold(chance: Random, language: str, template: Template) -> str:
    parts = list(template)
    chance.shuffle(parts)
    parts = [_other_word(chance, language, part) if chance.random() < 0.4 else part for part in parts]
    text = _numbered(chance, language, parts)
    if chance.random() < 0.5:
        text = _TRADITIONAL.convert(text) if language == "zh" else text.upper()
    if chance.random() < 0.5:
        text = text.replace("。", "！").replace("，", " ").replace(". ", "! ").replace(",", " -")
    return chance.choice(_BEFORE[language]) + text + chance.choice(_BEHIND[language])


def _other_word(chance: Random, language: str, sentence: str) -> str:
    """One sign, or one word, is another."""
    parts = sentence.split() if language == "en" else list(sentence)
    parts[chance.randrange(len(parts))] = "really" if language == "en" else "好"
    return (" " if language == "en" else "").join(parts)


if __name__ == "__main__":
    main()
