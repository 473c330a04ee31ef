"""How soon is a problem found that is new? `python -m bench.mining.emerging [--runs 80] [--weekly 5000]`.

Each run plants one problem at 20 a week into a week of the stream: in Chinese, in English, or in both at once. It is
found if a topic of that week has the planted complaints for at least half of its complaints. Other topics are false.
`--combined` plants common words that nobody told together before, instead of problems with words of their own.
"""

import argparse
import json
import time
from functools import lru_cache
from random import Random
from typing import Any
from uuid import UUID

from bench.mining.stories import LANGUAGES, Week, combination, problems
from services.insights.topics import together
from services.insights.topics.book import TOPICS_BOOK
from services.insights.topics.clusters import with_clusters
from services.insights.topics.counts import Counts, Told, count
from services.insights.topics.finding import Found, find
from services.insights.topics.together import Keys, Together, keys_of

SEED = 2026
PLANTED = 20
Counted = tuple[Counts, Together]
"""Of one week and language."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=80)
    parser.add_argument("--weekly", type=int, default=5000)
    parser.add_argument("--weeks", type=int, default=20, help="that are judged")
    parser.add_argument("--history", type=int, default=26)
    parser.add_argument("--planted", type=int, default=PLANTED)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--combined", action="store_true")
    parser.add_argument("--terms-only", action="store_true", help="without clusters")
    asked = parser.parse_args()
    began = time.process_time()
    weeks = [_week(asked.seed, number, asked.weekly) for number in range(asked.history + 2 + asked.weeks)]
    counts = [_counted(week) for week in weeks]
    made = time.process_time() - began
    quiet = sum(
        len(_found(asked, weeks, counts, number, language))
        for number in range(asked.history + 2, len(weeks))
        for language in LANGUAGES
    )
    runs = _runs(asked, weeks, counts)
    found = sum(run["found"] for run in runs)
    false = sum(run["false"] for run in runs)
    print(
        json.dumps(
            {
                "runs": asked.runs,
                "found": found / asked.runs,
                "false_topics_a_week": false / asked.runs,
                "topics_of_one_problem": sum(run["topics"] for run in runs) / max(1, found),
                "quiet_weeks": asked.weeks,
                "false_topics_in_a_quiet_week": quiet / asked.weeks,
                "missed": [run["name"] for run in runs if not run["found"]],
                "examples": [run["labels"] for run in runs[:4]],
                "making_s": round(made, 1),
                "cpu_s": round(time.process_time() - began, 1),
            },
            ensure_ascii=False,
            indent=2,
        )
    )


def _week(seed: int, number: int, size: int) -> dict[str, list[Told]]:
    told: dict[str, list[Told]] = {language: [] for language in LANGUAGES}
    for at, (language, customer, words) in enumerate(Week(seed, number).told(size)):
        told[language].append(Told.of(UUID(int=(number << 64) + at), customer, words))
    return told


def _counted(week: dict[str, list[Told]]) -> dict[str, Counted]:
    return {
        language: (
            count(told),
            together.count((each.customer or each.id, keys_of(each.words)) for each in told),
        )
        for language, told in week.items()
    }


def _runs(
    asked: Any, weeks: list[dict[str, list[Told]]], counts: list[dict[str, Counted]]
) -> list[dict[str, Any]]:
    """Those of one week after the other: most of what they read is the same."""
    chances = {run: Random(f"{asked.seed}/run/{run}") for run in range(asked.runs)}
    places = {run: chance.randrange(asked.history + 2, len(weeks)) for run, chance in chances.items()}
    done = {
        run: _run(asked, weeks, counts, run, places[run], chances[run])
        for run in sorted(places, key=lambda each: places[each])
    }
    return [done[run] for run in range(asked.runs)]


def _run(
    asked: Any,
    weeks: list[dict[str, list[Told]]],
    counts: list[dict[str, Counted]],
    run: int,
    number: int,
    chance: Random,
) -> dict[str, Any]:
    problem = problems()[run % len(problems())]
    where = (("zh",), ("en",), LANGUAGES)[run % 3]
    teller = Week(asked.seed + 1, run)
    mixed = {language: combination(language, chance) for language in LANGUAGES}
    planted: dict[str, list[Told]] = {language: [] for language in LANGUAGES}
    for at in range(asked.planted):
        language = where[at % len(where)]
        if asked.combined:
            customer, words = teller.combined(mixed[language], language)
        else:
            customer, words = teller.retold(problem, language)
        planted[language].append(Told.of(UUID(int=(1 << 120) + (run << 64) + at), customer, words))
    topics = [
        topic
        for language in LANGUAGES
        for topic in _found(asked, weeks, counts, number, language, planted[language])
    ]
    own = {each.id for told in planted.values() for each in told}
    mine = [each for each in topics if 2 * len(own & set(each.complaints)) >= len(each.complaints)]
    return {
        "name": " and ".join(
            ", ".join(mixed[language]) if asked.combined else f"{problem['name']} in {language}"
            for language in where
        ),
        "found": bool(mine),
        "topics": len(mine),
        "false": len(topics) - len(mine),
        "labels": [each.label for each in mine],
    }


def _found(
    asked: Any,
    weeks: list[dict[str, list[Told]]],
    counts: list[dict[str, Counted]],
    number: int,
    language: str,
    more: list[Told] | None = None,
) -> list[Found]:
    past = [counts[week][language] for week in range(number - 1 - asked.history, number - 1)]
    before, now = weeks[number - 1][language], [*weeks[number][language], *(more or [])]
    mining = TOPICS_BOOK.shipped
    found = find(language, [terms for terms, _ in past], before, now, mining)
    if asked.terms_only:
        return found
    told = [combined for _, combined in past]
    return with_clusters(language, told, before, now, found, mining, lambda each: _combined(each.words))


@lru_cache(maxsize=30_000)
def _combined(words: str) -> Keys:
    return keys_of(words)


if __name__ == "__main__":
    main()
