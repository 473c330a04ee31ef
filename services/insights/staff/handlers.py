"""Events in: what becomes of complaints about people."""

from services.insights.staff.model import Accused
from services.insights.staff.store import AccusedStore
from shared.envelope import Received
from shared.events import AccusedCleared, AccusedTold, AppealDecided, AppealFiled, MarkMade
from shared.reactions import Reactions

reactions: Reactions[Accused] = Reactions(AccusedStore())


@reactions.on(AccusedTold)
def on_accused_told(accused: Accused, event: AccusedTold, fact: Received) -> None:
    accusation = accused.of(event.person_id)
    accusation.told_at = accusation.told_at or event.told_at


@reactions.on(MarkMade)
def on_mark_made(accused: Accused, event: MarkMade, fact: Received) -> None:
    accused.of(event.person_id).held = True


@reactions.on(AccusedCleared)
def on_accused_cleared(accused: Accused, event: AccusedCleared, fact: Received) -> None:
    accused.clear(event.person_id, event.because)


@reactions.on(AppealFiled)
def on_appeal_filed(accused: Accused, event: AppealFiled, fact: Received) -> None:
    accused.of(event.person_id).appealed = True


@reactions.on(AppealDecided)
def on_appeal_decided(accused: Accused, event: AppealDecided, fact: Received) -> None:
    accused.of(event.person_id).appeal = event.decision
