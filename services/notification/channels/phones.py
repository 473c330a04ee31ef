"""Telephone numbers as networks write them. Pure."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

_NO_MESSAGES = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}
"""Nobody reads a text message there."""


def textable(number: str, region: str) -> str | None:
    """The number in E.164 (`+8613800138000`) if a text message can reach it.

    `region`: the country whose numbers people write without its code, as ISO 3166 (`CN`).
    """
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed) or phonenumbers.number_type(parsed) in _NO_MESSAGES:
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
