"""What groups are called, in the reader's language. Pure."""

from services.insights.pages.model import Asked
from shared.events.vocabulary import Language
from shared.taxonomy import UnknownCode, newest


def name_of(cut: str, key: str, asked: Asked) -> str:
    """A code that has no name, such as a product's or a department's, stays as it is."""
    if not key:
        return asked.say("unknown")
    if cut == "category":
        try:
            category = newest().category(key)
        except UnknownCode:
            return key
        return category.name_zh if asked.language is Language.ZH else category.name_en
    known = f"{cut}_{key}"
    return asked.say(known) if asked.words.knows(known) else key
