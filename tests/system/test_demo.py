"""The demo, as a newcomer starts it; and its account, which must be able to fail."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from typer.testing import CliRunner

from demo import sample
from demo.account import FORBIDDEN, Found, account
from demo.ledger import compare
from demo.receivers import Forged, Hook, Mailbox, verify
from demo.sample import Complaint
from services.__main__ import cli

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.slow
def test_every_complaint_is_accounted_for(tmp_path: Path) -> None:
    mine = tmp_path / "the user's own data"
    elsewhere = {
        "REDRESS_DATA_DIR": str(mine),
        "REDRESS_DATABASE_URL": "postgresql+asyncpg://u@127.0.0.1:1/d",
    }
    command = [str(Path(sys.executable).with_name("redress")), "demo", "--complaints", "30", "--json"]
    run = subprocess.run(
        command,
        check=False,
        cwd=tmp_path,
        env=os.environ | elsewhere,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(run.stdout)

    assert told["agrees"]
    assert told["complaints"] == told["accepted"] == 30
    assert all(line["agrees"] and not line["differing"] for line in told["account"])
    counted = {(line["service"], line["what"]): line["found"] for line in told["account"]}
    for place in (
        ("client", "posted: answered 201"),
        ("intake", "registered, and the customer sees the state"),
        ("routing", "routed, and let go when closed"),
        ("resolution", "has a case, in the state where it was left"),
        ("notification", "acknowledged, exactly once"),
        ("insights", "known, with the same outcome"),
    ):
        assert counted[place] == 30
    assert told["retried"] == counted["client", "sent twice with one Idempotency-Key: registered once"] > 0
    assert sum(told["cases"].values()) == told["measures"]["received"]["value"] == 30
    assert told["cases"]["closed"] == sum(told["outcomes"].values()) == told["measures"]["closed"]["value"]
    assert told["cases"]["closed"] < 30, "some are left open on purpose"
    assert sum(told["messages"]["acknowledgement"].values()) == 30

    events = told["story"]["events"]
    assert events[0]["type"] == "redress.complaint.registered.v1"
    assert [event["seconds"] for event in events] == sorted(event["seconds"] for event in events)
    assert any(event["seen_after_ms"] is not None for event in events), "the live stream showed it"
    assert not mine.exists(), "the demo keeps away from the user's data"


def test_the_plan_is_the_same_every_time_and_customers_are_new_when_the_sample_repeats() -> None:
    once, again = sample.complaints(300), sample.complaints(300)
    assert [c.plan for c in once] == [c.plan for c in again]
    assert [c.plan for c in once[:30]] == [c.plan for c in sample.complaints(30)]
    numbers = [c.body.get("customer", {}).get("external_id") for c in once]
    assert not {n for n in numbers[240:] if n} & set(numbers[:240])
    assert once[240].body["statement"] == once[0].body["statement"]


def test_a_ledger_line_names_what_is_missing_too_much_or_different() -> None:
    line = compare("insights", "known", {"a": 1, "b": 1, "c": 1}, {"a": 1, "c": 2, "d": 1})
    assert not line.agrees
    assert (line.expected, line.found) == (3, 3), "the counts alone would have agreed"
    assert line.differing == {
        "b": "expected 1, found nothing",
        "c": "expected 1, found 2",
        "d": "expected nothing, found 1",
    }
    assert compare("insights", "known", {"a": None}, {"a": None}).agrees
    assert not compare("insights", "known", {"a": None}, {}).agrees


def test_the_account_agrees_with_a_perfect_world() -> None:
    assert _world().wrong() == {}


@dataclass
class World:
    """Two complaints, one of them closed, and what everybody says of them."""

    complaints: list[Complaint]
    found: Found
    mail: Mailbox
    hook: Hook

    def wrong(self) -> dict[tuple[str, str], dict[str, str]]:
        """What differs, by the line that says so."""
        lines = account(self.complaints, self.found, self.mail, self.hook)
        return {(line.service, line.what): line.differing for line in lines if not line.agrees}


BREAKS: dict[tuple[str, str], Callable[[World], object]] = {
    ("client", "posted: answered 201"): lambda w: setattr(w.complaints[0], "status", 503),
    ("client", "sent twice with one Idempotency-Key: registered once"): lambda w: setattr(
        w.complaints[0], "replayed_as", "another"
    ),
    ("client", "its key registers, and opens nothing"): lambda w: w.found.refused.update({FORBIDDEN[0]: 200}),
    ("intake", "registered, and the customer sees the state"): lambda w: w.found.intake.pop("one"),
    ("routing", "routed, and let go when closed"): lambda w: w.found.routing.pop("one"),
    ("resolution", "has a case, in the state where it was left"): lambda w: w.found.cases.pop("two"),
    ("resolution", "closed as the customer said"): lambda w: w.found.cases.update(
        one=("closed", "satisfied")
    ),
    ("notification", "acknowledged, exactly once"): lambda w: w.found.deliveries.append(
        _thanks("one", "d3", "log")
    ),
    ("notification", "messages that were not delivered"): lambda w: w.found.deliveries[0].update(
        status="failed"
    ),
    ("mail server", "the mails that were sent, and no other"): lambda w: w.mail.received.clear(),
    ("webhook", "heard of the registration, and of the closing"): lambda w: w.hook.events.popitem(),
    ("insights", "known, with the same outcome"): lambda w: w.found.insights.pop("one"),
    ("insights", "the measures count all of them"): lambda w: w.found.measures[0].update(value=3.0),
    ("all", "events left in an outbox or parked"): lambda w: w.found.stuck.update({"intake.outbox": 1}),
    ("demo", "plays that broke off"): lambda w: setattr(w.complaints[0], "error", "Vain: waited 60 s"),
}


@pytest.mark.parametrize("line", BREAKS, ids=" ".join)
def test_the_account_fails_when_anything_is_lost(line: tuple[str, str]) -> None:
    world = _world()
    BREAKS[line](world)
    assert world.wrong()[line], "the line does not agree, and names what differs"


def test_an_account_that_does_not_agree_is_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    async def loses(*_: Any) -> bool:
        return False

    monkeypatch.setattr("demo.play.play", loses)
    assert CliRunner().invoke(cli, ["demo"]).exit_code == 1


def test_the_receiver_takes_what_the_secret_signed_and_nothing_else() -> None:
    now, body = time.time(), b'{"type": "redress.case.closed.v1"}'
    signed = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(int(now), UTC), body.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now)), "webhook-signature": signed}
    assert verify(headers, body, SECRET, now) == "msg_1"
    attempts: tuple[Callable[[], str], ...] = (
        lambda: verify(headers, body + b" ", SECRET, now),
        lambda: verify(headers | {"webhook-id": "msg_2"}, body, SECRET, now),
        lambda: verify(headers, body, "whsec_" + "A" * 32, now),
        lambda: verify(headers, body, SECRET, now + 600),
        lambda: verify({}, body, SECRET, now),
    )
    for forged in attempts:
        with pytest.raises(Forged):
            forged()


def _thanks(complaint_id: str, delivery_id: str, way: str) -> dict[str, Any]:
    return {
        "id": delivery_id,
        "complaint_id": complaint_id,
        "template": "acknowledgement",
        "status": "delivered",
        "channel": way,
    }


def _world() -> World:
    """Everybody agrees."""
    complaints = [c for c in sample.complaints(60) if c.plan.retry][:2]
    for complaint, id_ in zip(complaints, ("one", "two"), strict=True):
        complaint.status, complaint.id, complaint.replayed_as = 201, id_, id_
    complaints[0].state, complaints[0].outcome = "closed", "acceptable"
    measures = [
        {"measure": "received", "unit": "complaints", "value": 2.0, "numerator": None, "denominator": None},
        {"measure": "closed", "unit": "complaints", "value": 1.0, "numerator": None, "denominator": None},
        {"measure": "satisfaction_rate", "unit": "share", "value": 0.0, "numerator": 0, "denominator": 1},
        {"measure": "open_now", "unit": "complaints", "value": 1.0, "numerator": None, "denominator": None},
    ]
    found = Found(
        intake={"one": "closed", "two": "open"},
        routing={"one": "released", "two": "referred"},
        cases={"one": ("closed", "acceptable"), "two": ("open", None)},
        insights={"one": "acceptable", "two": None},
        measures=measures,
        deliveries=[_thanks("one", "d1", "email"), _thanks("two", "d2", "log")],
        refused=dict.fromkeys(FORBIDDEN, 403),
    )
    mail, hook = Mailbox(), Hook()
    mail.received["d1"] = 1
    for number, (id_, type_) in enumerate(
        [("one", "complaint.registered"), ("two", "complaint.registered"), ("one", "case.closed")]
    ):
        hook.events[f"m{number}"] = {"subject": id_, "type": f"redress.{type_}.v1"}
    return World(complaints, found, mail, hook)
