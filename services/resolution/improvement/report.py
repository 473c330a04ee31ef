"""The 8D report of an improvement, as a customer's quality department accepts it. Pure."""

from itertools import chain

from services.resolution.improvement import disciplines
from services.resolution.improvement.model import Improvement
from services.resolution.improvement.printing import Printing
from shared.paper import Document, KeyValues
from shared.taxonomy import newest

_ALL = (
    disciplines.team,
    disciplines.problem,
    disciplines.containment,
    disciplines.cause,
    disciplines.plan,
    disciplines.implementation,
    disciplines.prevention,
    disciplines.closure,
)
_FEW = 3
"""References that have room in the header; all stand under D2."""


def document(improvement: Improvement, say: Printing) -> Document:
    """What is not known yet is said to be so: a report can be printed at every step."""
    references = [each.reference for each in improvement.complaints.values() if each.reference]
    more = f" +{len(references) - _FEW}" if len(references) > _FEW else ""
    header = KeyValues(
        (
            (say.say("number"), number(improvement)),
            (say.say("version"), str(improvement.version)),
            (say.say("complaints"), ", ".join(references[:_FEW]) + more),
            (say.say("printed"), say.moment(say.at)),
            (say.say("product"), improvement.product or say.say("none")),
            (say.say("category"), _category(improvement.category, say) or say.say("none")),
            (say.say("severity"), say.say(f"severity.{improvement.severity}")),
            (say.say("opened"), say.moment(improvement.opened_at)),
            (say.say("status"), say.say(f"state.{improvement.state}")),
            (say.say("step"), f"{improvement.step.number}/8 {say.step(improvement.step)}"),
            (say.say("lead"), say.person(improvement.lead.person) if improvement.lead else say.say("none")),
            (say.say("round"), str(improvement.round)),
        )
    )
    return Document(
        title=say.say("title"),
        language=say.language,
        created=say.at,
        blocks=(header, *chain.from_iterable(discipline(improvement, say) for discipline in _ALL)),
        subtitle=improvement.title,
        reference=number(improvement),
        note=say.say("note"),
    )


def number(improvement: Improvement) -> str:
    """Of the report: the same for every version of it."""
    return f"8D-{improvement.id.hex[:8].upper()}-{improvement.id.hex[-4:].upper()}"


def _category(code: str | None, say: Printing) -> str | None:
    found = next((each for each in newest().categories if each.code == code), None)
    if found is None:
        return code
    return found.name_zh if say.language == "zh" else found.name_en
