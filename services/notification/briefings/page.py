"""A briefing in words, for one reader and in one language: blocks that become HTML, text or paper alike. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from services.notification.briefings.book import Section
from services.notification.briefings.model import Briefing, BriefingCases
from services.notification.briefings.timing import days_of
from services.notification.briefings.words import category_name, day_name, moment_name, words
from shared.events.vocabulary import Language, Severity, Visibility

Tone = Literal["plain", "good", "bad"]
SHOWN_CASES = 10
TREND_FROM = 3
"""Complaints from which on a category that doubled is worth a look: below it is chance."""


@dataclass(frozen=True, slots=True)
class Number:
    """A figure with what it was before."""

    label: str
    value: str
    change: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart."""

    label: str
    received: int
    closed: int


@dataclass(frozen=True, slots=True)
class Item:
    strong: str
    text: str
    quote: bool = False
    path: str = ""
    """Where more about it is found, below the address at which Redress answers."""


@dataclass(frozen=True, slots=True)
class Block:
    """One section."""

    section: Section
    title: str
    numbers: tuple[Number, ...] = ()
    bars: tuple[Bar, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    items: tuple[Item, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    language: Language
    title: str
    covers: str
    subject: str
    blocks: tuple[Block, ...]
    lacking: str = ""
    """What could not be had, in words."""


def page_of(briefing: Briefing, language: Language) -> Page:
    """What the briefing says. Give it as its reader may read it."""
    say = words(language)
    first, last = days_of(briefing.since, briefing.until, briefing.row.zone)
    key = "covers_day" if first == last else "covers_days"
    covers = say[key].format(first=day_name(first, language), last=day_name(last, language))
    title = getattr(briefing.row.title, language.value)
    if briefing.department_name is not None:
        title = f"{title} · {getattr(briefing.department_name, language.value)}"
    content = briefing.content
    severe = content.attention.severe.total if content.attention else 0
    shows = severe and Section.SEVERE in briefing.row.sections
    subject = say["subject_severe" if shows else "subject"]
    made = (_BLOCKS[section](briefing, language) for section in briefing.row.sections)
    missing = [say[section.value] for section in content.lacking]
    comma = "、" if language is Language.ZH else ", "
    return Page(
        language,
        title,
        covers,
        subject.format(title=title, covers=covers, number=severe),
        tuple(block for block in made if block is not None),
        say["lacking"].format(sections=comma.join(missing)) if missing else "",
    )


def _numbers(briefing: Briefing, language: Language) -> Block | None:
    report, say = briefing.content.report, words(language)
    if report is None:
        return None
    now, before = report.now, report.before
    shown = (
        ("received", now.received, before.received, None),
        ("closed", now.closed, before.closed, True),
        ("open", now.open, before.open, False),
        ("promises_kept", now.promises_kept, before.promises_kept, True),
        ("promises_broken", now.promises_broken, before.promises_broken, False),
        ("satisfied", now.satisfied, before.satisfied, True),
    )
    first, last = days_of(briefing.since, briefing.until, briefing.row.zone)
    number = (last - first).days + 1
    days = say["days"].format(number=number)
    return Block(
        Section.NUMBERS,
        say["numbers"],
        numbers=tuple(
            Number(say[name], str(is_), _change(was, language), _tone(is_ - was, more_is_good))
            for name, is_, was, more_is_good in shown
        ),
        bars=tuple(Bar(f"{d.day.month}/{d.day.day}", d.received, d.closed) for d in report.days),
        note=say["compared_one"] if number == 1 else say["compared"].format(days=days),
    )


def _change(before: int, language: Language) -> str:
    return words(language)["before"].format(before=before)


def _tone(difference: int, more_is_good: bool | None) -> Tone:
    if not difference or more_is_good is None:
        return "plain"
    return "good" if (difference > 0) is more_is_good else "bad"


def _cases(
    briefing: Briefing, language: Language, section: Section, cases: BriefingCases, when: str
) -> Block:
    say = words(language)
    zone = briefing.row.zone

    def item(number: int) -> Item:
        case = cases.items[number]
        said = [category_name(case.category, language)]
        if case.severity is not None and case.severity is not Severity.GENERAL:
            said.append(say[f"severity_{case.severity.value}"])
        if case.visibility is Visibility.PUBLIC:
            said.append(say["public"])
        said.append(say[when].format(at=moment_name(case.at, zone, language)))
        return Item(case.reference, (" · ").join(said))

    shown = min(SHOWN_CASES, len(cases.items))
    more = cases.total - shown
    note = say["more"].format(number=more) if more else "" if shown else say[f"none_{section.value}"]
    return Block(section, say[section.value], items=tuple(map(item, range(shown))), note=note)


def _severe(briefing: Briefing, language: Language) -> Block | None:
    found = briefing.content.attention
    return _cases(briefing, language, Section.SEVERE, found.severe, "came") if found else None


def _overdue(briefing: Briefing, language: Language) -> Block | None:
    found = briefing.content.attention
    return _cases(briefing, language, Section.OVERDUE, found.overdue, "promised") if found else None


def _clippings(briefing: Briefing, language: Language) -> Block | None:
    if not briefing.clippings:
        return None
    items = tuple(
        Item(
            clipping.reference or "",
            f"{clipping.what[language.value]} · {moment_name(clipping.issued_at, briefing.row.zone, language)}",
        )
        for clipping in briefing.clippings
    )
    return Block(Section.CLIPPINGS, words(language)["clippings"], items=items)


def _categories(briefing: Briefing, language: Language) -> Block | None:
    report, say = briefing.content.report, words(language)
    if report is None or not report.categories:
        return None
    rows = tuple(
        (
            category_name(c.key, language),
            str(c.now),
            str(c.before),
            f"{c.now - c.before:+d}".replace("+0", "0"),
        )
        for c in report.categories
    )
    columns = (say["category"], say["now"], say["then"], say["change"])
    return Block(Section.CATEGORIES, say["categories"], columns=columns, rows=rows)


def _conversion(briefing: Briefing, language: Language) -> Block | None:
    report, say = briefing.content.report, words(language)
    if report is None:
        return None
    now, before = report.now, report.before
    if not now.dissatisfied:
        return Block(Section.CONVERSION, say["conversion"], note=say["rate_none"])
    share = f"{now.converted / now.dissatisfied:.0%}"
    told = say["rate"].format(converted=now.converted, dissatisfied=now.dissatisfied, share=share)
    if before.dissatisfied:
        compared = say["rate_before"].format(converted=before.converted, dissatisfied=before.dissatisfied)
        told += compared if language is Language.ZH else f" {compared}"
    return Block(Section.CONVERSION, say["conversion"], note=told)


def _voices(briefing: Briefing, language: Language) -> Block | None:
    say = words(language)
    if not briefing.voices:
        return None

    def item(text: str, of: str, spoken: Language) -> Item:
        foreign = "" if spoken is language else f" · {say[f'quote_{spoken.value}']}"
        return Item(f"{of}{foreign}", text, quote=True)

    items = tuple(item(voice.text, voice.reference, voice.language) for voice in briefing.voices)
    return Block(Section.VOICES, say["voices"], items=items)


def _next(briefing: Briefing, language: Language) -> Block | None:
    say, report, attention = words(language), briefing.content.report, briefing.content.attention
    span = {"since": briefing.since.isoformat(), "until": briefing.until.isoformat()}
    asked = urlencode(span | ({"department": briefing.department} if briefing.department else {}))
    steps: list[Item] = []
    if attention is not None:
        path = f"/resolution/v1/attention?{asked}"
        if attention.severe.total:
            steps.append(Item("", say["next_severe"].format(number=attention.severe.total), path=path))
        if attention.overdue.total:
            steps.append(Item("", say["next_overdue"].format(number=attention.overdue.total), path=path))
    if report is not None:
        now, before = report.now.promises_broken, report.before.promises_broken
        if now > before:
            told = say["next_broken"].format(now=now, before=before)
            steps.append(Item("", told, path=f"/resolution/v1/accountability?{asked}"))
        steps += [
            Item(
                "",
                say["next_category"].format(
                    category=category_name(c.key, language), now=c.now, before=c.before
                ),
            )
            for c in report.categories
            if c.key is not None and c.now >= max(TREND_FROM, 2 * c.before)
        ]
    if not steps and not briefing.content.lacking:
        steps.append(Item("", say["next_nothing"]))
    return Block(Section.NEXT, say["next"], items=tuple(steps)) if steps else None


_BLOCKS: dict[Section, Callable[[Briefing, Language], Block | None]] = {
    Section.NUMBERS: _numbers,
    Section.SEVERE: _severe,
    Section.OVERDUE: _overdue,
    Section.CLIPPINGS: _clippings,
    Section.CATEGORIES: _categories,
    Section.CONVERSION: _conversion,
    Section.VOICES: _voices,
    Section.NEXT: _next,
}
