"""The rulebook of who hears what: what it refuses, and what rules make that overlap."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.notification.hearing.book import WHO_HEARS_WHAT, WhoHearsWhat
from services.notification.model import Conversation
from services.notification.rules import MESSAGES, Channel, Hearer, Nature, Urgency
from shared import events
from shared.ids import derived_id
from shared.rulebooks.model import Books
from tests.unit.test_notification_model import ID, at, promise, registered

SHIPPED = WHO_HEARS_WHAT.shipped
WAYS = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.INBOX)


def rulebook(*more: dict[str, Any], **changed: dict[str, Any]) -> dict[str, Any]:
    """What Redress is shipped with, with changes by rule, and further rules."""
    content = SHIPPED.model_dump(mode="json")
    content["rules"] = [
        rule | changed.get(rule["id"].replace("/", "_").replace("-", "_"), {}) for rule in content["rules"]
    ]
    content["rules"] += more
    return content


TOLD = next(rule for rule in rulebook()["rules"] if rule["id"] == "customer/told")


@pytest.mark.requirement("002-19", "002-22", "003-17")
def test_every_message_that_can_be_said_has_a_rule_and_only_those() -> None:
    ruled = {(rule.fact, rule.template, rule.hearer) for rule in SHIPPED.rules}
    assert ruled == {(m.fact, m.template, hearer) for m in MESSAGES for hearer in m.hearers}


@pytest.mark.requirement("001-08", "002-19")
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"customer_acknowledgement": {"on": False}}, "cannot be switched off"),
        ({"customer_result": {"on": False}}, "cannot be switched off"),
        ({"follower_result": {"on": False}}, "cannot be switched off"),
        ({"customer_field_action": {"on": False}}, "cannot be switched off"),
        ({"staff_staff_task": {"on": False}}, "cannot be switched off"),
        ({"customer_result": {"nature": "progress"}}, "nobody can opt out"),
        ({"customer_field_action": {"nature": "service"}}, "nobody can opt out"),
        ({"customer_acknowledgement": {"urgency": "usual"}}, "set its urgency to immediate"),
        ({"customer_field_action": {"urgency": "usual"}}, "set its urgency to immediate"),
        ({"customer_told": {"urgency": "can_wait"}}, "cannot wait for a digest"),
        ({"customer_told": {"template": "offers"}}, "can be told told, not offers"),
        ({"customer_told": {"hearer": "staff"}}, "can be told nothing"),
        ({"customer_told": {"fact": "redress.case.opened"}}, "nothing can be said of"),
        ({"customer_told": {"channels": ["webhook"]}}, "Input should be"),
        ({"customer_told": {"channels": []}}, "at least 1"),
        ({"customer_told": {"besides": ["email"]}}, "names a channel twice"),
        ({"customer_told": {"id": "customer/asked"}}, "two rules are called"),
        ({"customer_assigned": {"on": False}}, "followers are told what the customer is told"),
    ],
)
def test_what_must_be_told_and_what_makes_no_sense_is_refused(
    changed: dict[str, dict[str, Any]], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        WhoHearsWhat.model_validate(rulebook(**changed))


def test_what_may_be_switched_off_can_be_and_channels_can_change() -> None:
    changes: dict[str, dict[str, Any]] = {
        "customer_assigned": {"on": False},
        "follower_assigned": {"on": False},
        "customer_survey": {"channels": ["push", "email"], "besides": ["inbox"], "urgency": "can_wait"},
    }
    book = WhoHearsWhat.model_validate(rulebook(**changes))
    assert book.told("redress.complaint.assigned", Hearer.CUSTOMER) == ()
    (survey,) = book.told("redress.follow-up.requested", Hearer.CUSTOMER)
    assert (survey.channels, survey.besides) == ((Channel.PUSH, Channel.EMAIL), (Channel.INBOX,))


ROW = st.fixed_dictionaries(
    {
        "channels": st.lists(st.sampled_from(WAYS), min_size=1, max_size=2, unique=True),
        "urgency": st.sampled_from([Urgency.IMMEDIATE, Urgency.USUAL]),
        "nature": st.sampled_from([Nature.SERVICE, Nature.SAFETY]),
        "on": st.booleans(),
    }
).filter(lambda row: row["nature"] is not Nature.SAFETY or row["urgency"] is Urgency.IMMEDIATE)


@pytest.mark.requirement("002-19")
@given(st.lists(ROW, min_size=1, max_size=5))
def test_rules_that_overlap_make_one_message_by_the_ways_of_all(rows: list[dict[str, Any]]) -> None:
    more = [TOLD | row | {"id": f"customer/told-{number}"} for number, row in enumerate(rows)]
    book = WhoHearsWhat.model_validate(rulebook(*more))
    talk = Conversation(id=ID, books=Books({WHO_HEARS_WHAT.kind: (7, book)}))
    talk.register(registered())  # type: ignore[arg-type]
    talk.promise(promise(1, 1).due_at)  # type: ignore[attr-defined]
    talk.tell(events.CustomerTold, "cause", at(5), message="It comes on Tuesday.")
    thanks, told = talk.outgoing
    on = [TOLD, *(row for row in more if row["on"])]
    assert thanks.template == "acknowledgement"
    assert told.id == derived_id("message", "cause", "customer", "told")
    assert told.rule == "+".join(row["id"] for row in on)
    assert told.rule_version == 7
    assert set(told.channels) == {way for row in on for way in row["channels"]}
    assert len(told.channels) == len(set(told.channels))
    assert told.nature == (Nature.SAFETY if any(r["nature"] == "safety" for r in on) else Nature.SERVICE)
    assert (told.urgency is Urgency.IMMEDIATE) == any(row.get("urgency") == "immediate" for row in on)


def test_several_ways_at_once_are_deliveries_with_ids_that_follow() -> None:
    book = WhoHearsWhat.model_validate(
        rulebook(customer_accepted={"channels": ["email", "sms"], "besides": ["inbox", "push"]})
    )
    talk = Conversation(id=ID, acknowledged=True, books=Books({WHO_HEARS_WHAT.kind: (1, book)}))
    talk.tell(events.CaseAccepted, "cause", at(5), person="Li Wei")
    (accepted,) = talk.outgoing
    main, *copies = accepted.all_ways()
    assert (main.channels, main.is_copy) == ((Channel.EMAIL, Channel.SMS), False)
    assert [(c.channels, c.is_copy) for c in copies] == [((Channel.INBOX,), True), ((Channel.PUSH,), True)]
    assert [each.id for each in accepted.all_ways()] == [main.id, *(c.id for c in copies)]
    assert len({main.id, *(c.id for c in copies)}) == 3
    assert {c.facts["person"] for c in copies} == {"Li Wei"}
