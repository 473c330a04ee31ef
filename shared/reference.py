"""Case references that survive being read out over the telephone.

`RD-` + eight random characters + a check character, from an alphabet of 31 that has no 0/O, 1/I/L or U/V trouble.
31 is prime and the weights differ, so the weighted sum modulo 31 finds every single wrong character and every
swap of two (the argument behind ISBN-10). Random, so that nobody can guess a neighbour or count complaints.
"""

import secrets

ALPHABET = "123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8


def check_character(body: str) -> str:
    return ALPHABET[sum(weight * ALPHABET.index(c) for weight, c in enumerate(body, 1)) % len(ALPHABET)]


def new_reference() -> str:
    number = secrets.randbelow(len(ALPHABET) ** _LENGTH)  # one draw: eight cost eight times as much
    body = ""
    for _ in range(_LENGTH):
        number, place = divmod(number, len(ALPHABET))
        body += ALPHABET[place]
    return f"RD-{body}-{check_character(body)}"


def normalised(typed: str) -> str | None:
    """The reference that somebody typed, or None when its check character shows that it is mistyped."""
    plain = "".join(c for c in typed.upper() if c.isalnum())
    plain = plain.removeprefix("RD") if len(plain) == _LENGTH + 3 else plain
    if len(plain) != _LENGTH + 1 or any(c not in ALPHABET for c in plain):
        return None
    body, check = plain[:_LENGTH], plain[_LENGTH:]
    return f"RD-{body}-{check}" if check_character(body) == check else None
