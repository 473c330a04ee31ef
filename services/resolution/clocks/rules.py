"""Which entries of a case's story start, stop and pause which clocks, as data. Pure."""

from services.resolution.lifecycle import UNSOLVED, State
from services.resolution.timeline import Kind
from shared.events.clocks import Clock

RESPONSES = frozenset(
    {
        *(Kind.JUDGED, Kind.OFFERED, Kind.ANSWERED, Kind.CARRIED_OUT, Kind.REPLIED),
        *(Kind.HANDLER_WROTE, Kind.CUSTOMER_ASKED, Kind.EXTENDED),
    }
)
"""A person told the customer something."""

CONTACTS = frozenset({Kind.CUSTOMER_WROTE, Kind.SUPPLEMENTED, Kind.ANSWER_RECORDED})
"""Whatever the customer was asked for: they have been heard."""

RETARGETING = frozenset(
    {*(Kind.OPENED, Kind.TRIAGED, Kind.REFERRED, Kind.ASSIGNED, Kind.SUPPLEMENTED), Kind.EXTENDED}
)
"""After these the times may be others: another severity, category, department, visibility."""

OWN = frozenset({Kind.CLOCK_WARNED, Kind.CLOCK_MISSED, Kind.ESCALATED})
"""What clocks tell of themselves."""

ENDED = frozenset({State.CLOSED, State.WITHDRAWN})
WORKED = UNSOLVED | {State.CARRIED_OUT}
STAGES = frozenset({Clock.ACCEPT, Clock.JUDGE, Clock.OFFER, Clock.CARRY_OUT})


def stage(state: State, valid: bool | None) -> Clock | None:
    """What is to be done next by whoever has the case; None: nothing, or it is the customer's turn."""
    if state is State.OPEN:
        return Clock.ACCEPT
    if state is State.ACCEPTED:
        return {None: Clock.JUDGE, True: Clock.OFFER, False: Clock.CARRY_OUT}[valid]
    return Clock.CARRY_OUT if state is State.AGREED else None
