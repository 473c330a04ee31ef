"""What callers send to work on an improvement."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.resolution.improvement.parts import ActionKind, Branch, Place
from services.resolution.improvement.steps import Step
from shared.pages import WrittenMoment
from shared.text import LongText, ShortText

Person = Annotated[ShortText, Field(max_length=100)]
"""An id of the directory."""
Code = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,49}$")]
Statement = Annotated[LongText, Field(max_length=2000)]
Cause = Annotated[LongText, Field(max_length=500)]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]
Exposure = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=3)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class NewImprovement(Body):
    model_config = _example(
        complaint_ids=["01900000-0000-7000-8000-000000000001"],
        title="Alarm R4 of servo motors M7-400",
        problem="Since 12 October 9 of 240 motors of batch 2026-41 stop with alarm R4 after ten minutes under load.",
    )

    complaint_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)]
    """The first one gave rise to it."""
    title: ShortText
    """Masked before it is kept."""
    problem: Statement
    """What, where, when, how many, how it shows (5W2H), in numbers as far as possible. Masked before it is kept."""
    category: Code | None = None
    """Left out: that of the first complaint."""
    subcategory: Code | None = None
    product: ShortText | None = None
    """Left out: that of the first complaint."""


class NewCarried(Body):
    model_config = _example(complaint_id="01900000-0000-7000-8000-000000000001", reason="The same batch.")

    complaint_id: UUID
    reason: Cause
    """Why it has the same cause. Masked before it is kept."""


class ImprovementReason(Body):
    model_config = _example(reason="The encoder was not from this supplier.")

    reason: Cause
    """Masked before it is kept."""


class NewTeam(Body):
    model_config = _example(lead="chen.jing", others=["li.na", "wang.lei"])

    lead: Person
    others: Annotated[tuple[Person, ...], Field(max_length=50)] = ()


class NewTeamMeeting(Body):
    model_config = _example(meeting_id="01900000-0000-7000-8000-000000000002")

    meeting_id: UUID
    """Of routing's meetings; its minutes are written."""


class NewTask(Body):
    what: Cause
    """Masked before it is kept."""
    responsible: Person
    due_at: WrittenMoment


class PlaceAnswer(Body):
    """What was found at one place."""

    place: Place
    affected: bool
    quantity: Quantity | None = None
    """How much is affected; only where it is."""
    unit: Annotated[ShortText, Field(max_length=20)] | None = None
    note: Cause | None = None
    """How it was checked. Masked before it is kept."""
    action: NewTask | None = None
    """What is done about it; only where it is affected."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.affected and (self.quantity is None or self.action is None):
            raise ValueError(
                f"{self.place.value} is affected: say the quantity and what is done. 受影响处须填写数量和措施"
            )
        if not self.affected and (self.quantity is not None or self.action is not None):
            raise ValueError(
                f"{self.place.value} is not affected: leave quantity and action out. 未受影响处不填数量和措施"
            )
        return self


class NewContainment(Body):
    model_config = _example(
        places=[
            {"place": "supplier_stock", "affected": False, "note": "Asked by telephone; batch 2026-40 only."},
            {"place": "in_transit", "affected": False},
            {
                "place": "own_stock",
                "affected": True,
                "quantity": "120",
                "unit": "pcs",
                "action": {
                    "what": "Block the batch and test every motor for an hour.",
                    "responsible": "wang.lei",
                    "due_at": "2026-12-04T09:00:00Z",
                },
            },
            {"place": "line", "affected": False},
        ]
    )

    places: Annotated[tuple[PlaceAnswer, ...], Field(min_length=len(Place), max_length=len(Place))]
    """All four, each once."""

    @model_validator(mode="after")
    def _all_four(self) -> Self:
        if lacking := [place.value for place in Place if place not in {each.place for each in self.places}]:
            raise ValueError(f"{lacking[0]} is missing: answer for each place once. 四处须各填写一次")
        return self


Chain = Annotated[tuple[Cause, ...], Field(min_length=1, max_length=7)]
"""Answers to "why", each to the one before; the last is the root."""


class NewAnalysis(Body):
    model_config = _example(
        occurrence=[
            ["A solder joint opens.", "It was soldered too cold.", "The oven's probe was off by 15 degrees."],
        ],
        escape=[
            ["The final test ends cold.", "It takes two minutes.", "Its length was never derived from use."]
        ],
        fishbone={
            "machine": ["Oven probe off"],
            "method": ["Short final test"],
            "material": ["Solder paste"],
        },
        root_cause="Oven probes are not on the calibration plan.",
        escape_cause="The final test is shorter than the time until the motor is warm.",
        impact="Lines of two customers stood for six hours.",
    )

    occurrence: Annotated[tuple[Chain, ...], Field(min_length=1, max_length=10)]
    """Chains of whys: why it occurred."""
    escape: Annotated[tuple[Chain, ...], Field(min_length=1, max_length=10)]
    """Chains of whys: why it was not detected."""
    fishbone: Annotated[dict[Branch, Annotated[tuple[Cause, ...], Field(max_length=10)]], Field(min_length=1)]
    """Possible causes by man, machine, material, method, measurement, environment (人机料法环测)."""
    root_cause: Cause
    escape_cause: Cause
    impact: Statement
    """What it did to the customers and to the company (原因和影响). All texts are masked before they are kept."""


class NewVerification(Body):
    model_config = _example(
        confirmed=True,
        how="With the probe put right, 50 of 50 joints hold; with 15 degrees less, 7 of 50 open.",
    )

    confirmed: bool
    how: Statement
    """How it was tried whether this is the cause. Masked before it is kept."""


class NewAction(NewTask):
    model_config = _example(
        kind="corrective",
        what="Put all oven probes on the calibration plan.",
        responsible="wang.lei",
        due_at="2026-12-11T09:00:00Z",
    )

    kind: ActionKind

    @model_validator(mode="after")
    def _planned(self) -> Self:
        if self.kind is ActionKind.CONTAINMENT:
            raise ValueError(
                "containment is answered for by place: use `containment`. 临时措施请在四处确认中填写"
            )
        return self


class ActionDone(Body):
    model_config = _example(evidence="Plan K-17 of 8 December lists all twelve probes.")

    evidence: Statement
    """What shows that it was done. Masked before it is kept."""


class ActionMoved(Body):
    model_config = _example(due_at="2026-12-18T09:00:00Z", reason="The new probes come a week later.")

    due_at: WrittenMoment
    responsible: Person | None = None
    """Left out: whoever it is."""
    reason: Cause


class NewEffect(Body):
    model_config = _example(effective=True, reason="No complaint in 60 days, 9 in the 90 days before.")

    effective: bool
    """False: the cause was another one, and is looked for anew."""
    reason: Statement
    exposure_before: Exposure | None = None
    """What was delivered in the period before, if that is known; left out: its days."""
    exposure_after: Exposure | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.exposure_before is None) != (self.exposure_after is None):
            raise ValueError("give both exposures, in the same unit, or neither; 两个基数须一并填写")
        return self


class NewStandard(Body):
    reference: Annotated[ShortText, Field(max_length=100)]
    """Number of the document."""
    version: Annotated[ShortText, Field(max_length=50)]
    """That now holds."""
    title: ShortText
    changed_on: date


class NewTraining(Body):
    course: Code
    """In routing's catalogue: `/routing/v1/rulebooks/courses`."""
    held_on: date
    participants: Annotated[int, Field(ge=1, le=100_000)]


class NewPrevention(Body):
    model_config = _example(
        standards=[
            {"reference": "WI-017", "version": "C", "title": "Calibration plan", "changed_on": "2026-12-09"}
        ],
        trainings=[{"course": "causes_and_remedies", "held_on": "2026-12-10", "participants": 14}],
    )

    standards: Annotated[tuple[NewStandard, ...], Field(min_length=1, max_length=50)]
    trainings: Annotated[tuple[NewTraining, ...], Field(max_length=50)] = ()


class StepPassed(Body):
    model_config = _example(step="team")

    step: Step
    """The present one, as you saw it."""


class StepSkipped(Body):
    model_config = _example(
        step="containment",
        reason="The product is no longer made, and none is left anywhere.",
        approval_id="01900000-0000-7000-8000-000000000003",
    )

    step: Step
    reason: Cause
    approval_id: UUID


class SentBack(Body):
    model_config = _example(to="team", reason="Purchasing is missing.")

    to: Step
    reason: Cause


class RecurrenceDecided(Body):
    model_config = _example(same_cause=False, reason="This time a cable was cut.")

    same_cause: bool
    """True: it is joined, and the improvement reopens."""
    reason: Cause
