"""Is it new, or a topic that is known? Ids stay, numbers are not dealt anew each week. Pure."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from services.insights.topics.book import Mining
from services.insights.topics.counts import Told
from services.insights.topics.finding import Found
from services.insights.topics.model import WEEK, Matter, Mined, Topic, TopicState, matter_of
from services.insights.topics.terms import terms
from services.insights.topics.together import AND, key, names_of
from shared.ids import derived_id

Codes = Callable[[UUID], Matter]


def place(
    week: date,
    found: Sequence[Found],
    told: Mapping[str, Sequence[Told]],
    known: Mapping[UUID, Topic],
    members: Mapping[UUID, frozenset[UUID]],
    codes: Codes,
    mining: Mining,
    rules_version: int,
    at: datetime,
) -> Mined:
    """`told`: by language, this week; `members`: complaints of the known topics in the week before; `codes`: what a
    complaint is about. Found again is what uses the same terms, or is told by the same complaints; what is told in
    another language is the same when the codes agree and no topic of that language is. Whatever uses a strong term of a
    topic is counted to it, as long as it is followed."""
    changed: dict[UUID, Topic] = {}
    new: list[UUID] = []
    of: defaultdict[UUID, dict[UUID, str]] = defaultdict(dict)
    medoids: defaultdict[UUID, dict[UUID, int]] = defaultdict(dict)
    topics = dict(known)
    for each in found:
        matter = matter_of(map(codes, each.complaints))
        topic = _again(each, topics, members, mining.same_share) or _in_other_words(
            each, matter, topics, week
        )
        if topic is None:
            topic = _new(each, matter, week, rules_version, at)
            topics[topic.id] = topic
            new.append(topic.id)
        topic = _leading(topic, topics)
        topic.learn(each, week)
        changed[topic.id] = topic
        of[topic.id] |= dict.fromkeys(each.complaints, each.language)
        medoids[topic.id] |= {complaint: rank for rank, complaint in enumerate(each.medoids, 1)}
    _follow(week, told, topics, of, mining)
    for topic_id in new:
        topics[topic_id].tell(list(of[topic_id]), at)
    return Mined(changed, new, of, medoids)


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    both = sum(weight * other[term] for term, weight in one.items() if term in other)
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    return both / lengths if lengths else 0.0


def _again(
    found: Found, topics: Mapping[UUID, Topic], members: Mapping[UUID, frozenset[UUID]], least: float
) -> Topic | None:
    def likeness(topic: Topic) -> float:
        words = cosine(found.signature, topic.signature.get(found.language, {}))
        here = members.get(topic.id, frozenset())
        common = len(here.intersection(found.complaints)) / len(here) if here else 0.0
        return max(words, common)

    best = max(topics.values(), key=lambda topic: (likeness(topic), topic.id), default=None)
    return best if best is not None and likeness(best) >= least else None


def _in_other_words(found: Found, matter: Matter, topics: Mapping[UUID, Topic], week: date) -> Topic | None:
    if not matter.says_enough:
        return None
    fitting = (
        topic
        for topic in topics.values()
        if topic.matter == matter and found.language not in topic.signature and week - topic.last_week <= WEEK
    )
    return min(fitting, key=lambda topic: (topic.first_week, topic.id), default=None)


def _new(found: Found, matter: Matter, week: date, rules_version: int, at: datetime) -> Topic:
    category, subcategory, product = matter
    return Topic(
        id=derived_id("topic", week, found.language, *found.complaints[:1], *found.label),
        first_week=week,
        last_week=week,
        found_at=at,
        category=category,
        subcategory=subcategory,
        product=product,
        customers=found.customers,
        expected=found.expected,
        p_value=found.p,
        q_value=found.q,
        rules_version=rules_version,
    )


def _leading(topic: Topic, topics: Mapping[UUID, Topic]) -> Topic:
    """Itself, or the one that it was merged into."""
    while topic.merged_into is not None and topic.merged_into in topics:
        topic = topics[topic.merged_into]
    return topic


def _follow(
    week: date,
    told: Mapping[str, Sequence[Told]],
    topics: Mapping[UUID, Topic],
    of: defaultdict[UUID, dict[UUID, str]],
    mining: Mining,
) -> None:
    followed: defaultdict[str, defaultdict[str, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    combined: defaultdict[str, set[int]] = defaultdict(set)
    for topic in topics.values():
        if week - topic.last_week <= mining.follow_weeks * WEEK and topic.state is not TopicState.MERGED:
            for language, strong in topic.strong.items():
                for term in strong:
                    followed[language][term].append(topic.id)
                    if AND in term:
                        combined[language].add(key(*term.split(AND)))
    for language, by_term in followed.items():
        wanted = frozenset(combined[language])
        for each in told.get(language, ()):
            said = terms(each.words) | (names_of(each.words, wanted) if wanted else frozenset())
            for term in sorted(said & by_term.keys()):
                for topic_id in by_term[term]:
                    of[topic_id].setdefault(each.id, language)
