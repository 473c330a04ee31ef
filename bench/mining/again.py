"""How long does it take to mine all words again? `python -m bench.mining.again [--complaints 1000000]`.

Weeks of made-up complaints are mined one after the other, as the job does: terms, counts of the weeks before, bursts,
groups, labels, clusters of the rest. Making the complaints is not counted, nor is reading them from a database.
"""

import argparse
import json
import resource
import time
from collections import deque
from uuid import UUID

from bench.mining.stories import LANGUAGES, Week
from services.insights.topics import together
from services.insights.topics.book import TOPICS_BOOK
from services.insights.topics.clusters import with_clusters
from services.insights.topics.counts import Counts, Told, count
from services.insights.topics.finding import find
from services.insights.topics.together import Together, digest, keys_of
from services.insights.topics.words import SAMPLED

SEED = 2026


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--complaints", type=int, default=1_000_000)
    parser.add_argument("--weekly", type=int, default=5000)
    asked = parser.parse_args()
    mining = TOPICS_BOOK.shipped
    past: dict[str, deque[Counts]] = {language: deque(maxlen=mining.history_weeks) for language in LANGUAGES}
    combined: dict[str, deque[Together]] = {
        language: deque(maxlen=mining.history_weeks) for language in LANGUAGES
    }
    before: dict[str, list[Told]] = {language: [] for language in LANGUAGES}
    done = number = topics = 0
    cpu = clock = 0.0
    while done < asked.complaints:
        told = list(Week(SEED, number).told(asked.weekly))
        began, wall = time.process_time(), time.perf_counter()
        for language in LANGUAGES:
            now = [
                Told.of(UUID(int=(number << 64) + at), customer, words)
                for at, (spoken, customer, words) in enumerate(told)
                if spoken == language
            ]
            found = find(language, list(past[language]), before[language], now, mining)
            found = with_clusters(language, combined[language], before[language], now, found, mining)
            topics += len(found)
            if before[language]:
                past[language].append(count(before[language]))
                # Of a past week the job counts a sample.
                some = sorted(before[language], key=lambda each: digest(each.customer or each.id))
                combined[language].append(
                    together.count(
                        (each.customer or each.id, keys_of(each.words)) for each in some[: SAMPLED // 2]
                    )
                )
            before[language] = now
        cpu += time.process_time() - began
        clock += time.perf_counter() - wall
        done, number = done + len(told), number + 1
    print(
        json.dumps(
            {
                "complaints": done,
                "weeks": number,
                "topics": topics,
                "cpu_s": round(cpu, 1),
                "clock_s": round(clock, 1),
                "cpu_minutes_a_million": round(cpu / done * 1e6 / 60, 1),
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
