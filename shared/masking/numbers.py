"""Numbers by their shapes: telephones, cards, identity numbers; and streets, which begin with one."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from shared.masking.addresses import NO_STREET, STREET
from shared.masking.checks import (
    is_bank_card,
    is_identity_number,
    is_international,
    is_ip,
    is_local_phone,
    is_mobile,
    is_old_identity_number,
    is_ssn,
    stands_alone,
)
from shared.masking.naming import Before, what_precedes
from shared.masking.signs import GAP, Span

_CHINA: Final = rf"(?:[(（]?\+?(?:00)?86[)）]?{GAP}{{0,2}})"
_EXTENSION: Final = r"(?:[ ,，]{0,2}(?:转|分机|[Ee]xt\.?|[xX])[ :：]?[0-9]{1,6}|-[0-9]{2,5}(?![0-9]))?"
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_D4: Final = "[0-9]{4}"


class _Shape(NamedTuple):
    kind: str
    pattern: str
    """Without capturing groups."""
    holds: Callable[[str, Before], bool]
    """Given the number and what stands before it."""


# The first that matches and holds wins.
_SHAPES: Final = (
    _Shape("ip", rf"{_OCTET}(?:\.{_OCTET}){{3}}(?!\.[0-9])", is_ip),
    _Shape(
        "id-card",
        rf"[1-9][0-9]{{3}}(?:{GAP}?[0-9]){{13}}{GAP}?[0-9Xx](?![A-Za-z])",
        is_identity_number,
    ),
    _Shape(
        "phone",
        rf"""{_CHINA}? 1 (?: [3-9][0-9] {GAP}{{0,3}} {_D4} {GAP}{{0,3}} {_D4}
        | [3-9][0-9] {GAP}{{1,3}} [0-9]{{3}} {GAP}{{1,3}} [0-9]{{5}}
        | [3-9][0-9]{{2}} {GAP}{{1,3}} [0-9]{{3}} {GAP}{{1,3}} {_D4}
        | [3-9][0-9]{{2}} {GAP}{{1,3}} {_D4} {GAP}{{1,3}} [0-9]{{3}}
        | [3-9][0-9]{{3}} {GAP}{{1,3}} [0-9]{{6}}
        | {GAP}[3-9] (?:{GAP}[0-9]){{9}} )""",
        is_mobile,
    ),
    _Shape("bank-card", rf"{_D4}(?:{GAP}{_D4}){{3}}{GAP}?[0-9]{{1,3}}", is_bank_card),
    _Shape("bank-card", rf"{_D4}(?:{GAP}{_D4}){{3}}", is_bank_card),
    _Shape("bank-card", rf"{_D4}{GAP}[0-9]{{6}}{GAP}[0-9]{{4,5}}", is_bank_card),
    _Shape("bank-card", rf"[0-9]{{6}}{GAP}[0-9]{{10,13}} | [0-9]{{13,19}}", is_bank_card),
    _Shape("id-card", r"[1-9][0-9]{14}", is_old_identity_number),
    _Shape(
        "phone",
        # The area codes of China's numbering plan; 400 and 800 are companies' hotlines.
        rf"""(?: {_CHINA}? [(（]? 0 | {_CHINA} [(（]? ) (?: 10 | 2[0-57-9] | [3-9][0-9]{{2}} ) [)）]?
        {GAP}{{0,3}} [2-8][0-9]{{2,3}} {GAP}? {_D4} (?![0-9]) {_EXTENSION}""",
        stands_alone,
    ),
    _Shape(
        "phone",
        # North America: ITU country code 1, no area code or office begins with 0 or 1.
        rf"""(?: \+?1{GAP}{{0,2}} )? (?![48]00)
        (?: [(（][2-9][0-9]{{2}}[)）]{GAP}{{0,2}} | [2-9][0-9]{{2}}{GAP} )
        [2-9][0-9]{{2}} {GAP} {_D4} (?![0-9]) {_EXTENSION}""",
        stands_alone,
    ),
    _Shape(
        "phone",
        rf"\+[1-9](?:(?:{GAP}|[()（）]){{0,3}}[0-9]){{7,15}}(?![0-9]|\s?[元%％万]){_EXTENSION}",
        is_international,
    ),
    _Shape(
        "phone",
        # With 00 for '+', or national with 0, if groups show that it is no code.
        rf"""00[1-9][0-9]{{1,2}} {GAP} (?:{GAP}?[0-9]){{7,12}}
        | 0[1-9][0-9]{{2,3}} {GAP} [0-9]{{3}} {GAP}? [0-9]{{3,4}}
        | [(（]0[1-9][0-9]{{0,3}}[)）] {GAP}? [0-9]{{3,4}} {GAP} [0-9]{{3,4}}""",
        stands_alone,
    ),
    _Shape(
        "ssn",
        r"(?!000|666|9)[0-9]{3} (?: -(?!00)[0-9]{2}- | [ ]?(?!00)[0-9]{2}[ ]? ) (?!0000)[0-9]{4} (?!-[0-9])",
        is_ssn,
    ),
    _Shape(
        "phone",
        # Not a company's hotline, not a date. Of an amount or a quantity the unit follows.
        r"""(?! [48]00(?:[ -]|[0-9]{7}(?![0-9])) | (?:19|20)[0-9]{2}-[0-9]{1,2}- )
        (?: [0-9]{7,12} | [0-9]{3,5}(?:[ -][0-9]{2,6}){1,4} ) (?![0-9.]|[ ]?[元块件台])""",
        is_local_phone,
    ),
)
_EACH_SHAPE: Final = [re.compile(rf"(?:{shape.pattern})(?![0-9])", re.VERBOSE) for shape in _SHAPES]
_ANY_SHAPE: Final = re.compile(
    f"(?:{'|'.join(f'({shape.pattern})(?![0-9])' for shape in _SHAPES)})", re.VERBOSE
)
# Where a run of digits begins at which a shape may begin, or only a street. Most runs are short quantities.
_PROMISING: Final = re.compile(
    rf"""[0-9](?<![0-9].)
    (?: (?= (?:(?:{GAP}|[()（）]){{0,3}}[0-9]){{6}} | [0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}} )
    | (?= [0-9]{{0,5}}(?:[A-Za-z]|-[0-9]{{1,4}})?[ ]{{1,2}}[A-Za-z0-9] ) (?P<street>) )""",
    re.VERBOSE,
)


def find_numbers(plain: str) -> Iterator[Span]:
    """A number begins where a run of digits begins, or at the '+' and the bracket right before it."""
    end = 0
    for promising in _PROMISING.finditer(plain):
        start = promising.start()
        if start < end:
            continue
        span = None
        if promising["street"] is None:
            span = _number_at(plain, start, end)
        if span is None and (street := STREET.match(plain, start)) and not NO_STREET.search(street.group()):
            span = Span(*street.span(), "address")
        if span:
            yield span
            end = span.end


def _number_at(plain: str, start: int, floor: int) -> Span | None:
    """`floor` is the end of the number before that was masked: what precedes it is not about this one."""
    starts = [start]
    while len(starts) < 3 and starts[0] > floor and plain[starts[0] - 1] in "+(（":
        starts.insert(0, starts[0] - 1)
    for each in starts:
        looks = _ANY_SHAPE.match(plain, each)
        if not looks:
            continue
        before = what_precedes(plain[max(floor, each - 32) : each])
        first = (looks.lastindex or 1) - 1
        for shape, pattern in zip(_SHAPES[first:], _EACH_SHAPE[first:], strict=True):
            found = pattern.match(plain, each)
            if found and shape.holds(found.group(), before):
                return Span(each, found.end(), shape.kind)
    return None
