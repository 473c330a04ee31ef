"""What was said, and how it was said."""

from collections.abc import Iterator

from dev.samples.story import COMPLAINT, HANDLER, after, id_of
from shared.events import (
    CaseEndedNegative,
    CaseReopened,
    CaseScored,
    ContactHeld,
    Event,
    ProblemCorrected,
    ReopenAsked,
    ReplyFlagged,
    TabooRaised,
)
from shared.events.listening import Taboo
from shared.events.vocabulary import Emotion


def events() -> Iterator[Event]:
    yield ContactHeld(
        complaint_id=COMPLAINT,
        contact_id=id_of(60),
        via="phone",
        emotion=Emotion.AGGRIEVED,
        met=7,
        judged=8,
        held_by="key:5f0c1a9be27d",
        held_at=after(4.5),
    )
    yield TabooRaised(
        complaint_id=COMPLAINT,
        taboo=Taboo.EXCUSED,
        handler_id=HANDLER,
        detail="这是公司规定",
        raised_at=after(5),
    )
    yield ReplyFlagged(
        complaint_id=COMPLAINT,
        written_by="key:5f0c1a9be27d",
        families={"rules": 1, "order": 1},
        heaviest=2,
        flagged_at=after(5),
    )
    yield CaseEndedNegative(
        complaint_id=COMPLAINT,
        emotion=Emotion.DISAPPOINTED,
        acknowledged_by="key:5f0c1a9be27d",
        reason="客户已不再接听电话。",
        ended_at=after(55),
    )
    yield ProblemCorrected(
        complaint_id=COMPLAINT,
        correction="出厂前增加电机温升检验。",
        corrected_by="key:5f0c1a9be27d",
        corrected_at=after(200),
    )
    yield CaseScored(
        complaint_id=COMPLAINT,
        scorecard_id=id_of(61),
        handler_id=HANDLER,
        strict=4,
        earnest=5,
        proactive=3,
        efficient=4,
        taboos=(Taboo.EXCUSED,),
        reviewed_by="key:77b1c0de9a44",
        reviewed_at=after(80),
    )
    yield ReopenAsked(complaint_id=COMPLAINT, reason="一周后又出现报警。", asked_at=after(240))
    yield CaseReopened(complaint_id=COMPLAINT, reopened_by="customer", reopened_at=after(240))
