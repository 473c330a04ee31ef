"""The reply check: what people write to customers, without command, control, criticism, blame, judging, excuses
for oneself, and promises beyond what the writer can keep. In Chinese and English.

It knows words and not meaning: what it finds is a hint with a reason and a kinder way to say it, and what it does
not find may still hurt. How often it is right is measured: `python -m dev.reply_check`.

The customer's own words in quotation marks are left out, and so are negations ("it is not your fault"), polite
requests, conditions, and orders that protect from danger; see `guards` in `en.json` and `zh.json`.
"""

from shared.reply_check.checking import LONGEST_TEXT, check
from shared.reply_check.model import Bilingual, Finding, Kind, Language
from shared.reply_check.rules import families

__all__ = ["LONGEST_TEXT", "Bilingual", "Finding", "Kind", "Language", "check", "version"]


def version() -> int:
    """Of the rules."""
    return families().version
