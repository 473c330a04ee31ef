"""Codes and times in a timeline are said in words on paper; what a person wrote stays as it is."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.resolution.casefile.contents import agreed_offers
from services.resolution.casefile.paper import Sheet
from services.resolution.casefile.passages import passage
from services.resolution.timeline import Kind, Reader, Source
from services.resolution.views import TimelineEntry
from shared.events.vocabulary import Language

SAID = {
    (Kind.PROMISE_MADE, "2026-11-23T10:00:00Z"): ("2026-11-23 18:00", "2026-11-23 18:00"),
    (Kind.TRIAGED, "function_fault · urgent · loss.line-stop"): (
        "Function fault · urgent · loss.line-stop",
        "功能不良 · 紧急 · loss.line-stop",
    ),
    (Kind.AGREED, "1 · phone"): ("1 · phone", "1 · 电话"),
    (Kind.CLOCK_MISSED, "first_response"): ("first response", "首次答复"),
    (Kind.CLOSED, "satisfied: phone"): ("satisfied: phone", "满意: phone"),
    (Kind.APPROVAL_ASKED, "beyond_limits · exchange"): (
        "beyond one's limits · exchange",
        "超出权限 · exchange",
    ),
    (Kind.REPLIED, "exchange"): ("exchange", "exchange"),
    (Kind.MESSAGE_FAILED, "result · customer"): ("result · customer", "result · customer"),
    (Kind.PROMISE_KEPT, None): ("", ""),
    (Kind.CLOSED, None): ("", ""),
}


@pytest.mark.parametrize(("kind", "text"), SAID)
def test_codes_have_words_and_words_stay(kind: Kind, text: str | None) -> None:
    entry = TimelineEntry.of(
        {
            "number": 1,
            "at": datetime(2026, 11, 22, 2, tzinfo=UTC),
            "source": Source.RESOLUTION.value,
            "author": "system",
            "audience": Reader.INTERNAL.value,
            "kind": kind.value,
            "text": text,
        }
    )
    for language, words in zip((Language.EN, Language.ZH), SAID[kind, text], strict=True):
        sheet = Sheet(language, ZoneInfo("Asia/Shanghai"))
        assert passage(entry, sheet.say, sheet.moment) == words


def test_what_was_agreed_before_the_case_was_taken_up_again_stays_agreed() -> None:
    story: list[dict[str, Any]] = [
        {"kind": Kind.OFFERED.value, "text": "1. A motor."},
        {"kind": Kind.DECLINED.value, "text": "phone: No."},
        {"kind": Kind.OFFERED.value, "text": "1. A motor.\n2. A repair."},
        {"kind": Kind.AGREED.value, "text": "2 · tracking"},
        {"kind": Kind.REOPENED.value, "text": "It came back."},
        {"kind": Kind.OFFERED.value, "text": "1. A refund."},
        {"kind": Kind.AGREED.value, "text": None},
    ]
    assert agreed_offers(story) == {(2, 2)}
