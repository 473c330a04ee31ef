"""The file of a case on paper, in Chinese or English. Pure: the same file is the same document."""

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import cache
from importlib import resources

from services.resolution.casefile.contents import CaseFile
from services.resolution.casefile.passages import passage
from services.resolution.listening.contact import Finding
from services.resolution.listening.schemas import ContactShown
from shared.events.vocabulary import Language
from shared.paper import Block, Column, Document, Heading, KeyValues, Paragraph, Table
from shared.taxonomy import newest


@cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = json.loads(
        resources.files("services.resolution.casefile").joinpath("words.json").read_bytes()
    )
    return words


@cache
def _categories() -> dict[str, dict[str, str]]:
    return {each.code: {"en": each.name_en, "zh": each.name_zh} for each in newest().categories}


class Sheet:
    """Says everything in one language, with times on one wall clock."""

    def __init__(self, language: Language, zone: tzinfo) -> None:
        self.language, self.zone = language, zone

    def say(self, word: str | None) -> str:
        """A label, or a value that has words of its own; anything else as it is."""
        known = _words().get(word or "") or _categories().get(word or "")
        return known[self.language] if known else word or "–"

    def moment(self, at: datetime | None) -> str:
        return "–" if at is None else at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def truth(self, value: bool | None) -> str:
        return self.say("unknown" if value is None else "yes" if value else "no")

    def pairs(self, *pairs: tuple[str, str]) -> KeyValues:
        return KeyValues(tuple((self.say(label), value) for label, value in pairs))

    def listed(self, titles: Sequence[tuple[str, float]], rows: Sequence[Sequence[str]]) -> Block:
        """A table, or the word that there is nothing."""
        if not rows:
            return Paragraph(self.say("none"), ink="quiet")
        columns = tuple(Column(self.say(title), share) for title, share in titles)
        return Table(columns, tuple(tuple(row) for row in rows))


def on_paper(file: CaseFile, language: Language, zone: tzinfo) -> Document:
    """The document; `zone` is where the wall clock of its times hangs."""
    sheet = Sheet(language, zone)
    blocks = (
        *_the_case(file, sheet),
        *_judged_and_offered(file, sheet),
        *_end(file, sheet),
        *_dealings(file, sheet),
        *_disputes(file, sheet),
        *_evidence(file, sheet),
    )
    return Document(
        title=sheet.say("title"),
        language="zh" if language is Language.ZH else "en",
        created=file.made_at,
        blocks=blocks,
        subtitle=sheet.say("subtitle"),
        reference=file.reference,
        note=sheet.say("note"),
    )


def _the_case(file: CaseFile, sheet: Sheet) -> list[Block]:
    told = file.statement
    return [
        Heading(sheet.say("the_case")),
        sheet.pairs(
            ("reference", file.reference),
            ("registered_at", sheet.moment(file.registered_at)),
            ("state", sheet.say(file.state)),
            ("category", sheet.say(file.category)),
            ("severity", sheet.say(file.severity)),
            ("department", file.department or "–"),
            ("handler", file.handler_name or "–"),
            ("made_at", sheet.moment(file.made_at)),
            ("made_by", file.made_by),
            ("zone", str(sheet.zone)),
        ),
        Heading(sheet.say("statement")),
        KeyValues(
            tuple(
                (sheet.say(label), text)
                for label, text in (
                    ("what_went_wrong", told.what_went_wrong),
                    ("feeling", told.feeling),
                    ("wanted", told.wanted),
                )
                if text
            ),
            columns=1,
        ),
    ]


def _judged_and_offered(file: CaseFile, sheet: Sheet) -> list[Block]:
    blocks: list[Block] = [Heading(sheet.say("judgement"))]
    if file.judgement is None:
        blocks.append(Paragraph(sheet.say("none"), ink="quiet"))
    else:
        blocks.append(
            sheet.pairs(
                ("reason_sufficient", sheet.truth(file.judgement.reason_sufficient)),
                ("demand_reasonable", sheet.truth(file.judgement.demand_reasonable)),
            )
        )
    if file.explanation:
        blocks.append(KeyValues(((sheet.say("explanation"), file.explanation),), columns=1))
    rows = [
        (
            str(offer.round),
            str(offer.rank),
            _all(sheet, offer.remedies),
            offer.description,
            f"{offer.value.amount} {offer.value.currency}" if offer.value else "–",
            sheet.truth(offer.agreed),
        )
        for offer in file.offers
    ]
    titles = (("round", 1), ("rank", 1), ("remedies", 2), ("description", 5), ("value", 2), ("agreed", 1.4))
    return [*blocks, Heading(sheet.say("offers")), sheet.listed(titles, rows)]


def _end(file: CaseFile, sheet: Sheet) -> list[Block]:
    blocks: list[Block] = [Heading(sheet.say("end"))]
    if file.result:
        blocks.append(KeyValues(((sheet.say("result"), file.result),), columns=1))
    blocks.append(
        sheet.pairs(
            ("outcome", sheet.say(file.outcome)),
            ("closed_at", sheet.moment(file.closed_at)),
            ("closed_by", sheet.say(file.closed_by)),
            ("reopened", str(file.reopened)),
            ("problem_found", sheet.truth(file.problem_found)),
            ("problem_solved", sheet.truth(file.problem_solved)),
            ("trust_restored", sheet.truth(file.trust_restored)),
        )
    )
    corrected = file.correction or sheet.say("no")
    return [*blocks, KeyValues(((sheet.say("problem_corrected"), corrected),), columns=1)]


def _dealings(file: CaseFile, sheet: Sheet) -> list[Block]:
    promises = [
        (
            str(promise.number),
            sheet.moment(promise.made_at),
            sheet.moment(promise.due_at),
            sheet.say(promise.state),
            sheet.moment(promise.settled_at),
        )
        for promise in file.promises
    ]
    contacts = [
        (
            sheet.moment(contact.held_at),
            sheet.say(contact.via),
            contact.held_by,
            sheet.say(contact.emotion),
            _met(contact),
            " · ".join(filter(None, (contact.locked_point, contact.summary, *contact.key_points))) or "–",
        )
        for contact in file.contacts
    ]
    emotions = [(sheet.moment(each.at), sheet.say(each.emotion)) for each in file.emotions]
    return [
        Heading(sheet.say("promises")),
        sheet.listed(
            (("#", 0.6), ("promised_at", 2), ("due_at", 2), ("state", 1.4), ("settled_at", 2)), promises
        ),
        Heading(sheet.say("contacts")),
        sheet.listed(
            (("held_at", 2), ("via", 1), ("held_by", 2.3), ("emotion", 1.4), ("met", 1.4), ("noted", 4)),
            contacts,
        ),
        Heading(sheet.say("emotions")),
        sheet.listed((("at", 1), ("emotion", 3)), emotions),
    ]


def _disputes(file: CaseFile, sheet: Sheet) -> list[Block]:
    blocks: list[Block] = [Heading(sheet.say("disputes"))]
    for dispute in file.disputes:
        name = dispute.name.zh if sheet.language is Language.ZH else dispute.name.en
        texts = (("reason", dispute.reason), ("answer", dispute.answer), ("decision", dispute.decision))
        blocks += [
            Heading(f"{dispute.number}. {name}", 2),
            sheet.pairs(
                ("state", sheet.say(dispute.state)),
                ("address", dispute.address),
                ("handed_over_at", sheet.moment(dispute.handed_over_at)),
                ("answer_due_at", sheet.moment(dispute.answer_due_at)),
                ("decision_due_at", sheet.moment(dispute.decision_due_at)),
            ),
            KeyValues(tuple((sheet.say(label), text) for label, text in texts if text), columns=1),
        ]
    return blocks if file.disputes else [*blocks, Paragraph(sheet.say("none"), ink="quiet")]


def _evidence(file: CaseFile, sheet: Sheet) -> list[Block]:
    attachments = [
        (each.name, sheet.moment(each.added_at), str(each.size), each.sha256) for each in file.attachments
    ]
    timeline = [
        (
            sheet.moment(entry.at),
            sheet.say(entry.author),
            entry.title.zh if sheet.language is Language.ZH else entry.title.en,
            passage(entry, sheet.say, sheet.moment),
        )
        for entry in file.timeline
    ]
    return [
        Heading(sheet.say("attachments")),
        sheet.listed((("name", 2.5), ("at", 1.6), ("size", 1), ("sha256", 4)), attachments),
        Heading(sheet.say("timeline")),
        sheet.listed((("at", 2.1), ("author", 2.3), ("what", 3), ("text", 3.8)), timeline),
    ]


def _met(contact: ContactShown) -> str:
    judged = [finding for finding in contact.checklist.values() if finding is not Finding.NOT_APPLICABLE]
    return f"{judged.count(Finding.MET)}/{len(judged)}"


def _all(sheet: Sheet, words: Sequence[StrEnum]) -> str:
    return ", ".join(sheet.say(word) for word in words)
