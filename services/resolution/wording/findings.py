"""What of a text should not reach a customer as it is: by the reply check, and by the company's own lists. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from services.resolution.listening.book import LISTENING
from services.resolution.offers.explaining import EXPLANATIONS
from shared.reply_check import Bilingual, Finding, Kind, check
from shared.reply_policy.model import HOUSE_BLAME, HOUSE_EXCUSE
from shared.rulebooks.model import Books

_WHY = Bilingual(
    "本公司列明不对顾客使用这样的说法。", "The company has listed that customers are not told so."
)
_INSTEAD_OF_EXCUSE = Bilingual(
    "直接说明我们现在做什么、何时完成。", "Say what we do now to put it right, and by when."
)
_INSTEAD_OF_BLAME = Bilingual(
    "说明情况怎样发生，不指向任何人，并说明我们能做什么。",
    "Say how it came about without pointing at anybody, and what we can do.",
)


def findings_in(text: str, books: Books) -> list[Finding]:
    """In the order of the text. Where the reply check and the company find the same, there is the former."""
    found = check(text)
    excuses = books.read(LISTENING).excuses_in(text)
    blaming = books.read(EXPLANATIONS).blames(text)
    own = [
        *_house(text, excuses, Kind.EXCUSE, HOUSE_EXCUSE, 2, _INSTEAD_OF_EXCUSE),
        *_house(text, blaming, Kind.BLAME, HOUSE_BLAME, 3, _INSTEAD_OF_BLAME),
    ]
    for each in own:
        if not any(_same_place(each, other) for other in found):
            found.append(each)
    return sorted(found, key=lambda each: (each.start, each.end, each.kind))


def _same_place(one: Finding, other: Finding) -> bool:
    return one.kind is other.kind and one.start < other.end and other.start < one.end


def _house(
    text: str, phrases: Sequence[str], kind: Kind, family: str, weight: int, kinder: Bilingual
) -> Iterator[Finding]:
    for start, end in _places(text, phrases):
        yield Finding(kind, start, end, text[start:end], weight, family, _WHY, kinder)


def _places(text: str, phrases: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where they stand first; the whole text when signs of another width hide the place."""
    for phrase in phrases:
        parts = (re.escape(part).replace("'", "['’]") for part in phrase.split())
        found = re.search(r"\s+".join(parts), text, re.IGNORECASE)
        yield found.span() if found else (0, len(text))
