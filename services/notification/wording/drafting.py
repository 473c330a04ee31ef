"""Looks over drafts of templates: what is wrong with them, and how their words come across. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.notification.wording.checking import Fault, faults, paragraphs
from services.notification.wording.declared import declared
from services.notification.wording.letter_text import LetterText
from shared import reply_check
from shared.reply_policy import Judged, Readers, ReplyPolicy

FIELD = "body/source"


@dataclass(frozen=True, slots=True)
class LookedOver:
    faults: Sequence[Fault]
    findings: Sequence[tuple[str, Judged]]
    """Each with the paragraph in which it stands."""

    @property
    def blocked(self) -> list[Judged]:
        return [judged for _, judged in self.findings if judged.blocks]


def looked_over(draft: LetterText, policy: ReplyPolicy) -> LookedOver:
    """The reply check is for what customers read, and for the parts of it."""
    wrong = faults(draft)
    if wrong or declared(draft.name).audience == "staff":
        return LookedOver(wrong, ())
    return LookedOver((), come_across(draft, paragraphs(draft), policy))


def come_across(draft: LetterText, texts: Iterable[str], policy: ReplyPolicy) -> Sequence[tuple[str, Judged]]:
    """What the reply check finds in texts of a draft, each finding of the same words once."""
    found: dict[tuple[str, str], tuple[str, Judged]] = {}
    for text in texts:
        said = {FIELD: reply_check.check(text, draft.language)}
        for judged in policy.judge(said, Readers.TEMPLATE):
            found.setdefault((judged.finding.family, judged.finding.words), (text, judged))
    return list(found.values())
