"""Masking of personal data in free text, before the text goes onto the event log.

The log is kept for ever and read by everybody who subscribes, so what identifies a person is replaced by a
token that says what stood there: `[phone]`, `[email]`, `[id-card]` and so on. What the handling of a
complaint needs stays: order, model, batch and serial numbers, amounts, dates, alarms, Redress references.

How it decides. Strong shapes (mail addresses, numbers with a check digit) are masked wherever they stand.
Weak shapes (eleven digits may be a mobile or an order) yield to a word right before them that says what they
are: "order no.", 型号. The weakest (local phone numbers, foreign passports, a street without its city) are
masked only after a word that announces them: 电话, "passport", "my address is". In doubt, privacy wins.

Each pass collects spans on a copy of the text in which full-width signs are ASCII (of the same length, so the
spans fit the original), unites spans that overlap, and replaces them. Masking one thing can lay bare another
("Tom13800138000" with Tom known), so passes repeat until nothing changes, which also makes masking
idempotent. A token is never touched again, so each pass leaves less to mask and the passes end.

It sits on the path of every complaint: a text without digits, '@' and words of place is searched twice and
returned, and all repetitions in the patterns are bounded, so that time grows linearly with the text.
"""

import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class _Span(NamedTuple):
    start: int
    end: int
    kind: str


def mask(text: str, known: Sequence[str] = ()) -> str:
    """The text with personal data replaced by typed tokens.

    `known` is what the customer gave as theirs: names, phone numbers, mail and postal addresses. Each value
    of at least two characters is masked wherever it occurs, in any case and width; where it begins or ends
    with a letter of an alphabet or a digit, as a whole word only ("Ann" is not masked in "Annual"). A phone
    number is also found in other spacing and without its country code, a latin full name also in its parts
    of at least three letters.

    Never raises. Masking a masked text changes nothing.
    """
    values = [value for value in (_ascii(given).strip() for given in known) if len(value) >= 2]
    if not values and not _DIGIT_OR_AT.search(text) and not _WORD_OF_PLACE.search(text):
        return text
    while True:
        # Every second piece is a token.
        pieces = _TOKEN.split(text) if "[" in text else [text]
        pieces[::2] = [_masked_once(piece, values) for piece in pieces[::2]]
        masked = "".join(pieces)
        if masked == text:
            return text
        text = masked


def mask_each(texts: Sequence[str], known: Sequence[str] = ()) -> list[str]:
    """`mask` for the texts of one complaint: several times cheaper than one after the other.

    They are masked as one, with a sign between them that no pattern takes in; should one do so, singly.
    """
    masked = mask(_BETWEEN.join(texts), known).split(_BETWEEN)
    return masked if len(masked) == len(texts) else [mask(text, known) for text in texts]


_BETWEEN: Final = "\0"
"""No letter, no digit, no blank; no text that came in has one."""


def _masked_once(text: str, values: Sequence[str]) -> str:
    plain = _ascii(text)
    spans = [*_known_values(plain, values)] if values else []
    if "@" in plain:
        spans += _mail(plain)
    if _DIGIT_OR_AT.search(plain):
        spans += _numbers(plain)
        spans += _passports(plain)
        spans += _plates(plain)
        spans += _announced_addresses(plain)
    spans += _chinese_addresses(plain)
    if not spans:
        return text
    parts: list[str] = []
    end = 0
    for span in _united(spans):
        parts += text[end : span.start], f"[{span.kind}]"
        end = span.end
    return "".join([*parts, text[end:]])


def _united(spans: list[_Span]) -> Iterator[_Span]:
    """In order, with overlapping spans made one that bears the kind of the longest."""
    spans.sort()
    current, longest = spans[0], spans[0]
    for span in spans[1:]:
        if span.start < current.end:
            if span.end - span.start > longest.end - longest.start:
                longest = span
            current = _Span(current.start, max(current.end, span.end), longest.kind)
        else:
            yield current
            current, longest = span, span
    yield current


_TOKEN: Final = re.compile(r"(\[(?:phone|email|id-card|bank-card|passport|plate|address|name|ip|ssn)\])")

# --- width ------------------------------------------------------------------------------------------------


def _ascii(text: str) -> str:
    """The text with full-width letters, digits and some signs, the digits of other scripts, and hyphens and
    blanks of other kinds as ASCII; as long as before."""
    if text.isascii() or not (_NOT_ASCII.search(text) or _BEYOND_BMP.search(text)):
        return text
    return text.translate(_TO_ASCII)


_FULL_WIDTH: Final = (*map(ord, "＠＋－．"), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
_TO_ASCII: Final = (
    {code: chr(code - 0xFEE0) for code in _FULL_WIDTH}
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-")
    | dict.fromkeys(map(ord, "\u00a0\u202f"), " ")
    | {
        code: str(digit)
        for code in range(0x80, 0x20000)
        if (digit := unicodedata.decimal(chr(code), None)) is not None
    }
)
# Two searches, because a class of characters that reaches beyond the BMP is forty times slower.
_NOT_ASCII: Final = re.compile(f"[{''.join(chr(code) for code in _TO_ASCII if code < 0x10000)}]")
_BEYOND_BMP: Final = re.compile("[\U00010000-\U0010ffff]")
_DIGIT_OR_AT: Final = re.compile(r"[\d@＠]")

# --- what the text calls a number -------------------------------------------------------------------------

# Lists of words and `endswith`, because a search for one big pattern of words takes ten times as long.
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz/"
_JOINTS: Final = " \t\r\n.:：#是为=-(（"
_FOR_NUMBER: Final = frozenset(_words("number numbers num no nr id ids code"))


class _Before(NamedTuple):
    """What stands right before a number."""

    text: str
    noun: str
    """In lower case, without what joins it to the number: "order no", 订单号."""
    core: str
    """The noun without its word for "number": "order", 订单."""
    joint: str
    """What joins it to the number: ": ", " is "."""

    def says(self, endings: tuple[str, ...], words: frozenset[str]) -> bool:
        """Whether the noun ends like this, or its last latin word is one of these."""
        return (
            self.noun.endswith(endings)
            or self.core.endswith(endings)
            or _last_word(self.noun) in words
            or _last_word(self.core) in words
        )


def _before(text: str) -> _Before:
    low = text.lower()
    noun = low.rstrip(_JOINTS)
    noun = noun.removesuffix(" is").removesuffix(" was").rstrip(_JOINTS)
    core = noun.removesuffix("号码").removesuffix("编号").removesuffix("号")
    if (word := _last_word(core)) in _FOR_NUMBER:
        core = core.removesuffix(word).rstrip(_JOINTS)
    return _Before(text, noun, core, low[len(noun) :])


def _last_word(text: str) -> str:
    return text[len(text.rstrip(_LETTERS)) :]


_NAMED_OTHERWISE: Final = _words(
    """订单 定单 单号 单据 工单 运单 编号 编码 型号 批号 批次 序列 货号 料号 条码 条形码 流水 交易号 发票号
    合同号 案号 投诉号 受理号 参考号 质检号 版本 固件"""
)
_WORDS_FOR_OTHERS: Final = frozenset(
    _words(
        """order orders invoice batch lot serial model part tracking parcel shipment ticket case ref reference
        transaction item article barcode ean upc isbn imei sku sn s/n po p/o version firmware ver build
        contract receipt quote"""
    )
)
_NAMED_PHONE: Final = ("电话", "座机", "固话", "传真", "联系方式")
_WORDS_FOR_PHONE: Final = frozenset(("tel", "telephone", "fax", "whatsapp"))
_NAMED_CARD: Final = _words("行卡 信用卡 储蓄卡 借记卡 银行账号 银行账户") + tuple(
    f"{kind} {noun}" for kind in ("bank", "credit", "debit") for noun in ("card", "account")
)
_WORDS_FOR_CARD: Final = frozenset(("visa", "mastercard", "amex", "unionpay"))
_PHONES: Final = frozenset(("phone", "mobile", "cell", "handy"))


def _is_named_otherwise(before: _Before) -> bool:
    return before.says(_NAMED_OTHERWISE, _WORDS_FOR_OTHERS)


def _is_named_phone(before: _Before) -> bool:
    if before.says(_NAMED_PHONE, _WORDS_FOR_PHONE):
        return True
    # A phone is a product too: "手机 128 4999" is no number to call.
    is_number = before.core != before.noun or any(sign in before.joint for sign in (":", "：", "是", " is"))
    return is_number and before.says(("手机",), _PHONES)


def _is_named_id(before: _Before) -> bool:
    _, card, between = before.text.rpartition("身份证")
    if card and len(between) <= 16 and not any(sign in between for sign in "，。；,;"):
        return True
    return before.says(("证件", "id card", "identity card"), frozenset(("identification",)))


def _is_named_card(before: _Before) -> bool:
    if before.says(_NAMED_CARD, _WORDS_FOR_CARD):
        return True
    if before.noun.endswith(("卡号", "卡号码")):
        return not before.core.endswith(("会员卡", "礼品卡", "购物卡", "积分卡"))
    is_number = before.core != before.noun
    return is_number and _last_word(before.core) == "card" and not before.core.endswith("gift card")


def _is_named_ssn(before: _Before) -> bool:
    return before.says(("social security",), frozenset(("ssn",)))


# --- what makes a number what it looks like ---------------------------------------------------------------

# A longer code or number that goes on into the number: "RD-2026-...", "SF138...".
_IN_CODE: Final = re.compile(r"(?:[A-Za-z0-9_#]|[A-Z0-9][-_/.])\Z")
_IN_LETTER_CODE: Final = re.compile(r"(?:[A-Z_]|[A-Z]-)\Z")


def _stands_alone(_: str, before: _Before) -> bool:
    """For weak shapes."""
    if _is_named_phone(before):
        return True
    return not _IN_CODE.search(before.text[-2:]) and not _is_named_otherwise(before)


def _is_mobile(_: str, before: _Before) -> bool:
    """China's mobile numbers have a shape strong enough for "1-138..." and "tel138..."."""
    if _is_named_phone(before):
        return True
    return not _IN_LETTER_CODE.search(before.text[-2:]) and not _is_named_otherwise(before)


def _is_international(number: str, before: _Before) -> bool:
    """E.164 allows 15 digits; with its country's code hardly any number has fewer than 8."""
    last = before.text[-1:]
    return 8 <= len(_digits(number)) <= 15 and not (last.isascii() and last.isalnum())


def _is_local_phone(number: str, before: _Before) -> bool:
    """Whatever is called a phone number, unless it is a date: "电话 2024-01-15 打过"."""
    if not 7 <= len(_digits(number)) <= 13 or _DATE.fullmatch(number):
        return False
    return _is_named_phone(before) or (number[0] == "0" and before.says(("手机",), _PHONES))


def _is_identity_number(number: str, before: _Before) -> bool:
    """Eighteen signs by region, date of birth and check digit; if called so, also mistyped.

    GB 11643-1999: ISO 7064 MOD 11-2 over the first 17 digits.
    """
    if _is_named_id(before):
        return True
    signs = _digits(number)
    weighed = sum(int(digit) * weight for digit, weight in zip(signs, _ID_WEIGHTS, strict=False))
    return (
        "10X98765432"[weighed % 11] == signs[17].upper()
        and signs[:2] in _ID_REGIONS
        and _is_date(signs[6:14])
    )


_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# The provinces of GB/T 2260, and 83 for residents from Taiwan.
_ID_REGIONS: Final = frozenset(
    _words(
        """11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81
        82 83"""
    )
)


def _is_old_identity_number(number: str, before: _Before) -> bool:
    """Fifteen digits have no check digit: region and date of birth, and not called otherwise."""
    if _is_named_id(before):
        return True
    return number[:2] in _ID_REGIONS and _is_date("19" + number[6:12]) and _stands_alone(number, before)


def _is_bank_card(number: str, before: _Before) -> bool:
    """By issuer and check digit; if called so, also mistyped.

    One order number in ten has a right check digit, hence the issuers and what the text calls it.
    """
    digits = _digits(number)
    if _CARD_ISSUERS.match(digits) and _has_luhn_check_digit(digits) and _is_mobile(number, before):
        return True
    return _is_named_card(before)


# Visa of 13 digits, Diners, Amex; from 16 digits on also JCB, UnionPay, Mastercard, Maestro, Mir and the
# cards of Chinese banks before UnionPay. Not barcodes: those of China have 13 digits and begin with 69.
_CARD_ISSUERS: Final = re.compile(
    r"""(?: 4[0-9]{12} | 3[0689][0-9]{12} | 3[47][0-9]{13} | (?=[0-9]{16,19}\Z)
      (?: 3(?:5[2-8]|[0689]) | [4569] | 220[0-4] | 22[2-9] | 2[3-6] | 27[012] ) [0-9]+ )\Z""",
    re.VERBOSE,
)


def _has_luhn_check_digit(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(each - 9 * (each > 9) for each in doubled)) % 10 == 0


def _is_ssn(number: str, before: _Before) -> bool:
    """In the form with hyphens, or called so."""
    return _is_named_ssn(before) or ("-" in number and _stands_alone(number, before))


def _is_ip(number: str, before: _Before) -> bool:
    """Not a version: firmware counts in fours too."""
    return before.text[-2:].lower() == "ip" or _stands_alone(number, before)


def _is_date(yyyymmdd: str) -> bool:
    try:
        date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:]))
    except ValueError:
        return False
    return yyyymmdd[:2] in ("18", "19", "20")


def _digits(number: str) -> str:
    """The number without what separates its groups; an identity number may end in X."""
    return number if number.isdecimal() else "".join(sign for sign in number if sign in "0123456789Xx")


# --- numbers ----------------------------------------------------------------------------------------------

# What people put between groups of digits; the invisible ones come with numbers copied from a phone.
_S: Final = r"[ .·\-\u2014\u2015\u200b-\u200d\u2060\u3000]"
_CHINA: Final = rf"(?:[(（]?\+?(?:00)?86[)）]?{_S}{{0,2}})"
_EXTENSION: Final = r"(?:[ ,，]{0,2}(?:转|分机|[Ee]xt\.?|[xX])[ :：]?[0-9]{1,6}|-[0-9]{2,5}(?![0-9]))?"
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_D4: Final = "[0-9]{4}"
_DATE: Final = re.compile(r"(?:19|20)[0-9]{2}[-/. ]?(?:0?[1-9]|1[0-2])[-/. ]?(?:0?[1-9]|[12][0-9]|3[01])")


class _Shape(NamedTuple):
    kind: str
    pattern: str
    """Without capturing groups."""
    holds: Callable[[str, _Before], bool]
    """Given the number and what stands before it."""


# The first that matches and holds wins.
_SHAPES: Final = (
    _Shape("ip", rf"{_OCTET}(?:\.{_OCTET}){{3}}(?!\.[0-9])", _is_ip),
    _Shape(
        "id-card",
        rf"[1-9][0-9]{{3}}(?:{_S}?[0-9]){{13}}{_S}?[0-9Xx](?![A-Za-z])",
        _is_identity_number,
    ),
    _Shape(
        "phone",
        rf"""{_CHINA}? 1 (?: [3-9][0-9] {_S}{{0,3}} {_D4} {_S}{{0,3}} {_D4}
        | [3-9][0-9] {_S}{{1,3}} [0-9]{{3}} {_S}{{1,3}} [0-9]{{5}}
        | [3-9][0-9]{{2}} {_S}{{1,3}} [0-9]{{3}} {_S}{{1,3}} {_D4}
        | [3-9][0-9]{{2}} {_S}{{1,3}} {_D4} {_S}{{1,3}} [0-9]{{3}}
        | [3-9][0-9]{{3}} {_S}{{1,3}} [0-9]{{6}}
        | {_S}[3-9] (?:{_S}[0-9]){{9}} )""",
        _is_mobile,
    ),
    _Shape("bank-card", rf"{_D4}(?:{_S}{_D4}){{3}}{_S}?[0-9]{{1,3}}", _is_bank_card),
    _Shape("bank-card", rf"{_D4}(?:{_S}{_D4}){{3}}", _is_bank_card),
    _Shape("bank-card", rf"{_D4}{_S}[0-9]{{6}}{_S}[0-9]{{4,5}}", _is_bank_card),
    _Shape("bank-card", rf"[0-9]{{6}}{_S}[0-9]{{10,13}} | [0-9]{{13,19}}", _is_bank_card),
    _Shape("id-card", r"[1-9][0-9]{14}", _is_old_identity_number),
    _Shape(
        "phone",
        # The area codes of China's numbering plan; 400 and 800 are companies' hotlines.
        rf"""(?: {_CHINA}? [(（]? 0 | {_CHINA} [(（]? ) (?: 10 | 2[0-57-9] | [3-9][0-9]{{2}} ) [)）]?
        {_S}{{0,3}} [2-8][0-9]{{2,3}} {_S}? {_D4} (?![0-9]) {_EXTENSION}""",
        _stands_alone,
    ),
    _Shape(
        "phone",
        # North America: ITU country code 1, no area code or office begins with 0 or 1.
        rf"""(?: \+?1{_S}{{0,2}} )? (?![48]00)
        (?: [(（][2-9][0-9]{{2}}[)）]{_S}{{0,2}} | [2-9][0-9]{{2}}{_S} )
        [2-9][0-9]{{2}} {_S} {_D4} (?![0-9]) {_EXTENSION}""",
        _stands_alone,
    ),
    _Shape(
        "phone",
        rf"\+[1-9](?:(?:{_S}|[()（）]){{0,3}}[0-9]){{7,15}}(?![0-9]|\s?[元%％万]){_EXTENSION}",
        _is_international,
    ),
    _Shape(
        "phone",
        # With 00 for '+', or national with 0, if groups show that it is no code.
        rf"""00[1-9][0-9]{{1,2}} {_S} (?:{_S}?[0-9]){{7,12}}
        | 0[1-9][0-9]{{2,3}} {_S} [0-9]{{3}} {_S}? [0-9]{{3,4}}
        | [(（]0[1-9][0-9]{{0,3}}[)）] {_S}? [0-9]{{3,4}} {_S} [0-9]{{3,4}}""",
        _stands_alone,
    ),
    _Shape(
        "ssn",
        r"(?!000|666|9)[0-9]{3} (?: -(?!00)[0-9]{2}- | [ ]?(?!00)[0-9]{2}[ ]? ) (?!0000)[0-9]{4} (?!-[0-9])",
        _is_ssn,
    ),
    _Shape(
        "phone",
        # Not a company's hotline, not a date. Of an amount or a quantity the unit follows.
        r"""(?! [48]00(?:[ -]|[0-9]{7}(?![0-9])) | (?:19|20)[0-9]{2}-[0-9]{1,2}- )
        (?: [0-9]{7,12} | [0-9]{3,5}(?:[ -][0-9]{2,6}){1,4} ) (?![0-9.]|[ ]?[元块件台])""",
        _is_local_phone,
    ),
)
_EACH_SHAPE: Final = [re.compile(rf"(?:{shape.pattern})(?![0-9])", re.VERBOSE) for shape in _SHAPES]
_ANY_SHAPE: Final = re.compile(
    f"(?:{'|'.join(f'({shape.pattern})(?![0-9])' for shape in _SHAPES)})", re.VERBOSE
)
# Where a run of digits begins at which a shape may begin, or only a street. Most runs are short quantities.
_PROMISING: Final = re.compile(
    rf"""[0-9](?<![0-9].)
    (?: (?= (?:(?:{_S}|[()（）]){{0,3}}[0-9]){{6}} | [0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}} )
    | (?= [0-9]{{0,5}}(?:[A-Za-z]|-[0-9]{{1,4}})?[ ]{{1,2}}[A-Za-z0-9] ) (?P<street>) )""",
    re.VERBOSE,
)


def _numbers(plain: str) -> Iterator[_Span]:
    """A number begins where a run of digits begins, or at the '+' and the bracket right before it."""
    end = 0
    for promising in _PROMISING.finditer(plain):
        start = promising.start()
        if start < end:
            continue
        span = None
        if promising["street"] is None:
            span = _number_at(plain, start, end)
        if span is None and (street := _STREET.match(plain, start)) and not _NO_STREET.search(street.group()):
            span = _Span(*street.span(), "address")
        if span:
            yield span
            end = span.end


def _number_at(plain: str, start: int, floor: int) -> _Span | None:
    """`floor` is the end of the number before that was masked: what precedes it is not about this one."""
    starts = [start]
    while len(starts) < 3 and starts[0] > floor and plain[starts[0] - 1] in "+(（":
        starts.insert(0, starts[0] - 1)
    for each in starts:
        looks = _ANY_SHAPE.match(plain, each)
        if not looks:
            continue
        before = _before(plain[max(floor, each - 32) : each])
        first = (looks.lastindex or 1) - 1
        for shape, pattern in zip(_SHAPES[first:], _EACH_SHAPE[first:], strict=True):
            found = pattern.match(plain, each)
            if found and shape.holds(found.group(), before):
                return _Span(each, found.end(), shape.kind)
    return None


# --- mail, passports, plates ------------------------------------------------------------------------------

# Blanks around the '@' are a slip of Chinese typing and believed for mail providers only: "2 @ amazon.com".
_MAIL_HOST: Final = re.compile(
    r"""@ (?:[A-Za-z0-9\u00c0-\u024f\-]{1,63}[.。]){1,8} [A-Za-z]{2,24}
    | [ ]?@[ ]? (?:qq|163|126|139|189|sina|sohu|foxmail|gmail|outlook|hotmail|icloud|yahoo)\.[A-Za-z]{2,3}""",
    re.VERBOSE | re.IGNORECASE,
)
_IN_MAILBOX: Final = string.ascii_letters + string.digits + "._%+'-" + "".join(map(chr, range(0xC0, 0x250)))


def _mail(plain: str) -> Iterator[_Span]:
    """From the host backwards: RFC 5321 allows a mailbox of 64 octets, but dots may lead up to it."""
    for host in _MAIL_HOST.finditer(plain):
        mailbox_and_before = plain[max(0, host.start() - 256) : host.start()]
        length = len(mailbox_and_before) - len(mailbox_and_before.rstrip(_IN_MAILBOX))
        if length:
            yield _Span(host.start() - length, host.end(), "email")


_CHINESE_PASSPORT: Final = re.compile(r"[EGD][0-9]{8}(?![A-Za-z0-9])(?<![A-Za-z0-9].{9})")
_NAMED_PASSPORT: Final = re.compile(
    r"""(?:护照|通行证|passport|Passport|PASSPORT)(?:号码?|,?\s?(?:[Nn]umber|NUMBER|[Nn]o|NO|\#))?
    [\s.:：是为\#]{0,4}(?:is\s{1,2})?(?P<number>[A-Za-z0-9]{6,9})(?![A-Za-z0-9])""",
    re.VERBOSE,
)


def _passports(plain: str) -> Iterator[_Span]:
    for found in _CHINESE_PASSPORT.finditer(plain):
        if not _is_named_otherwise(_before(plain[max(0, found.start() - 32) : found.start()])):
            yield _Span(*found.span(), "passport")
    for found in _NAMED_PASSPORT.finditer(plain):
        number = found["number"]
        if sum(sign in "0123456789" for sign in number) >= 4 and not _DATE.fullmatch(number):
            yield _Span(*found.span("number"), "passport")


# GA 36-2018: province, office, five signs without I and O; six with D or F (now A to K) for new energy.
_PLATE: Final = re.compile(
    r"""[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z][ ·•.\-]?
    (?: [0-9]{5}[A-HJKa-hjk] | [A-HJKa-hjk][A-HJ-NP-Za-hj-np-z0-9][0-9]{4}
    | [A-HJ-NP-Za-hj-np-z0-9]{4}(?:[A-HJ-NP-Za-hj-np-z0-9]|[挂学警港澳]) ) (?![A-Za-z0-9])""",
    re.VERBOSE,
)


def _plates(plain: str) -> Iterator[_Span]:
    for found in _PLATE.finditer(plain):
        plate = found.group()
        # 新 is "new" and 云 is "cloud" more often than Xinjiang and Yunnan: 新A4纸, 云e12345.
        if plate[0] in "新云" and (plate != plate.upper() or plate[1] > "S"):
            continue
        if sum(sign in "0123456789" for sign in plate) >= 2:
            yield _Span(*found.span(), "plate")


# --- addresses --------------------------------------------------------------------------------------------

_UNIT: Final = (
    r"(?:(?:Apartment|Apt|Suite|Ste|Unit|Floor|Fl|Room|Rm|Flat)\.?[ ]?\#?|\#)[ ]?[A-Za-z0-9\-]{1,6}"
)
# In capitals, because "2 hours drive" is no street; in small letters where hardly anything else is meant.
_STREET: Final = re.compile(
    rf"""[0-9]{{1,6}}(?:[A-Za-z]|-[0-9]{{1,4}})?[ ]{{1,2}}
    (?: (?:[A-Z0-9][\w'’\-]{{0,20}}\.?[ ]{{1,2}}){{1,4}}
      (?: Street | St | Avenue | Ave | Road | Rd | Boulevard | Blvd | Lane | Ln | Drive | Dr | Court | Ct
      | Way | Place | Pl | Terrace | Circle | Parkway | Pkwy | Highway | Hwy | Square | Trail | Close
      | Crescent | Gardens | Grove | Mews | Row )
    | (?:[a-z]{{3,20}}[ ]){{1,2}} (?: street | avenue | boulevard | blvd ) ) \b
    (?: \.?[ ](?:NW|NE|SW|SE|N|S|E|W)\b )?
    (?: [ ,]{{1,3}}{_UNIT} )?
    (?: ,[ ]? [A-Z][\w'’\-]{{1,20}}(?:[ ][A-Z][\w'’\-]{{1,20}}){{0,2}}
      (?= [ ]?[,.;!?\n] | [ ]?\Z | [ ][A-Z0-9] ) )?
    (?: ,?[ ]{{1,2}}[A-Z]{{2}}\b )? (?: ,?[ ]{{1,2}}[0-9]{{5}}(?:-[0-9]{{4}})?\b )?""",
    re.VERBOSE,
)
_NO_STREET: Final = re.compile(r"\b(?:Hard|Flash|External|Disk|GB|TB|MB|USB|SSD|Best|Days?|Weeks?|Years?)\b")
_ANNOUNCED: Final = re.compile(
    r"(?:address|Address|ADDRESS|live at|lives at|lived at|residing at|ship to|Ship to|shipped to|deliver to"
    r"|Deliver to|delivered to|mail to|send to|sent to)(?: is| was)?[ ]?[:：,\-]?[ ]{0,2}(?:is )?"
)
# After such a word: from a house number or a unit on, all that is written in capitals or digits.
_WRITTEN_AS_ADDRESS: Final = re.compile(
    rf"""(?: {_UNIT}[ ,]{{1,2}} )? [0-9]{{1,6}}[A-Za-z]? ,?[ ]{{1,2}} [A-Z][\w'’\-]{{1,30}}
    (?: (?: [ ,]{{1,2}} | (?<=[ ][A-Z][a-z])\.[ ] )
      (?: [A-Z0-9\#][\w'’/\-]{{0,30}} | (?:of|de|la|le|the|van)(?=[ ][A-Z]) ) ){{0,12}}""",
    re.VERBOSE,
)
_POST_BOX: Final = re.compile(r"(?:PO Box|P\.O\. Box|PO BOX|P\.O\. BOX|P\.O\.Box)[ ]\#?[0-9]{1,8}")


def _announced_addresses(plain: str) -> Iterator[_Span]:
    for found in _POST_BOX.finditer(plain):
        yield _Span(*found.span(), "address")
    for found in _ANNOUNCED.finditer(plain):
        if written := _WRITTEN_AS_ADDRESS.match(plain, found.end()):
            yield _Span(*written.span(), "address")


# Provinces and the cities that people write without 市.
_PLACES: Final = "|".join(
    _words(
        """北京 上海 天津 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南
        四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 广州 深圳 杭州 南京 武汉 成都
        西安 苏州 郑州 长沙 东莞 青岛 沈阳 宁波 昆明 大连 厦门 合肥 佛山 福州 哈尔滨 济南 温州 长春 石家庄
        常州 泉州 南宁 贵阳 南昌 太原 烟台 嘉兴 南通 金华 珠海 惠州 徐州 海口 乌鲁木齐 绍兴 中山 台州 兰州"""
    )
)
_ADDRESS_WORDS: Final = _words(
    """收货地址 收件地址 联系地址 家庭地址 地址 住址 家住 住在 居住 户籍 邮寄到 寄到 寄往 寄至 送到 送至
    发到 发往 搬到"""
)
# A name ends at signs, and at characters of ordinary speech that hardly any place has in its name.
_IN_NAME: Final = (
    r"[^\x00-\u2e7f\u3000-\u33ff\uff00-\uffef"
    r"的了我你您他她它们在是到至去往住寄送给把被没说请吗呢吧啊但跟让很这就也买换退]"
)
_DISTRICT: Final = (
    "(?:自治州|地区|新区|街道|(?<![超城夜菜上])市|(?<![小社景市校厂城])区|县|旗|盟|镇|(?<!城)乡)"
)
_WAY: Final = (
    "(?:大道|胡同|小区|花园|公寓|家园|新村|大厦|广场|路|街|道|巷|村|里|苑|园|庄|屯|城|湾|坊|组|营|桥)"
)
_BUILDING: Final = (
    "(?:大厦|广场|小区|花园|公寓|家园|大楼|中心|大学|学院|学校|中学|小学|医院|酒店|宾馆|写字楼|公馆|苑|园)"
)
_HOUSE_PARTS: Final = "(?:号楼|号院|号|院|(?<=[A-Za-z])区|弄|栋|幢|座|单元|楼|室|户|层|门|组|房|铺)"
_NUMERAL: Final = (
    "(?:[甲乙丙丁]?[0-9]{1,5}[A-Za-z]?|[A-Za-z][0-9]{0,4}|[一二三四五六七八九十百零甲乙丙丁]{1,5})"
)
_HYPHENATED: Final = "(?!(?:19|20)[0-9]{2}-)[0-9]{1,4}(?:-[0-9]{1,4}){1,3}(?![0-9])"
_REST_OF_ADDRESS: Final = rf"""
    (?P<province> 省 | 市 | 自治区 | 特别行政区 )?
    (?P<districts> (?: [ ]?{_IN_NAME}{{1,8}}?{_DISTRICT} ){{0,5}} )
    (?P<ways> (?: [ ]?[0-9]{{0,4}}(?:(?![号弄栋幢座]){_IN_NAME}){{1,12}}?{_WAY}{{1,3}} ){{0,3}} )
    (?: [东西南北中]?[一二三四五六七八九十]?段 )?
    (?P<house> (?: [ \-]?{_NUMERAL}{_HOUSE_PARTS}
      | [ ]?(?:{_IN_NAME}|[A-Za-z0-9]){{2,10}}?{_BUILDING}
      | [ ]?{_IN_NAME}{{2,10}}?(?={_NUMERAL}(?:号楼|弄|栋|幢|座|单元|室))
      | [ ]?{_HYPHENATED}
      | (?<=[元栋幢座楼院号区])(?: -[0-9]{{1,4}} | [ ]?[0-9]{{3,4}} )(?![0-9号]) ){{0,6}} )"""
_WORD_OF_PLACE: Final = re.compile(rf"{'|'.join(_ADDRESS_WORDS)}|{_PLACES}|省|市|区|县|旗")
_AFTER_PLACE: Final = re.compile(_REST_OF_ADDRESS, re.VERBOSE)
_AFTER_ADDRESS_WORD: Final = re.compile(
    rf"[是为在到至：:\s]{{0,4}}(?P<address>(?P<place>{_PLACES})?{_REST_OF_ADDRESS})", re.VERBOSE
)
_NUMBERED: Final = re.compile(rf"{_NUMERAL}{_HOUSE_PARTS}|{_HYPHENATED}")
_OF_A_HOME: Final = re.compile(rf"{_NUMERAL}(?:号楼|弄|栋|幢|座|单元|室|户)")
_IS_IN_NAME: Final = re.compile(_IN_NAME)
_IS_DISTRICT: Final = re.compile(_DISTRICT)


def _chinese_addresses(plain: str) -> Iterator[_Span]:
    """From each word of place on, read districts, ways and house number as far as they go, then judge."""
    end = 0
    while word := _WORD_OF_PLACE.search(plain, end):
        if word.group() in _ADDRESS_WORDS:
            found = _AFTER_ADDRESS_WORD.match(plain, word.end())
            if found and _is_announced_address(found):
                yield _Span(*found.span("address"), "address")
                end = found.end()
            else:
                end = word.end()
            continue
        end = word.end()
        start = word.start()
        is_suffix = end - start == 1
        if is_suffix and not _IS_DISTRICT.match(plain, start) and word.group() != "省":
            continue
        found = _AFTER_PLACE.match(plain, end)
        if not found:
            continue
        if not _is_address(found):
            end = found.start("ways")  # A later word of place in between would see the same ways and house.
        else:
            while (
                is_suffix and start > word.start() - 7 and start > 0 and _IS_IN_NAME.match(plain, start - 1)
            ):
                start -= 1
            yield _Span(start, found.end(), "address")
            end = found.end()


def _is_address(found: re.Match[str]) -> bool:
    """A way with a number, or two levels of districts with the number of a home."""
    if found["ways"]:
        return _NUMBERED.search(found["house"]) is not None
    return bool(found["districts"]) and _OF_A_HOME.search(found["house"]) is not None


def _is_announced_address(found: re.Match[str]) -> bool:
    """After an address word less will do: a district, a way with a name, or two parts of a house number."""
    numbered = len(_NUMBERED.findall(found["house"]))
    if numbered:
        return numbered > 1 or bool(found["place"] or found["districts"] or found["ways"])
    return bool(found["districts"]) or len(found["ways"]) >= 4


# --- what the customer gave as theirs ---------------------------------------------------------------------

_PARTICLES: Final = frozenset(
    _words("van von der den del della des dos das los las bin ibn the and mrs miss")
)
# As parts of a name these are believed only as names are written: "I will", but "Mr Will".
_ALSO_ORDINARY: Final = frozenset(
    _words(
        """april art august best bill black brown chance cook gray green hope house jack june king little long
        love major mark may miles page park price read rich rose short smart stone street summer west white
        wise wood young will"""
    )
)
_LATIN_NAME: Final = re.compile(
    r"[A-Za-z\u00c0-\u024f'’.\-]{1,40}(?:,?[ ]{1,2}[A-Za-z\u00c0-\u024f'’.\-]{1,40}){1,4}"
)
_DIGIT_GROUPS: Final = re.compile(rf"[0-9](?:(?:{_S}|[()（）+]){{0,3}}[0-9]){{6,}}+")


def _known_values(plain: str, values: Sequence[str]) -> Iterator[_Span]:
    folded = _folded(plain)
    for value in values:
        kind, in_folded, as_written = _needles(value)
        for needle in in_folded:
            yield from _occurrences(folded, needle, kind)
        for needle in as_written:
            yield from _occurrences(plain, needle, kind)
        if kind == "phone":
            yield from _same_number(plain, _digits(value))


@lru_cache(maxsize=64)
def _needles(value: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Its kind, as what it is looked for in the folded text, and as what in the text as it was written.

    A complaint has three texts, and several are in hand at a time; more need not be remembered.
    """
    kind = _kind_of(value)
    in_folded, as_written = [_folded(value)], []
    if kind == "name" and _LATIN_NAME.fullmatch(value):
        for part in re.split(r"[ ,.]+", value):
            low = _folded(part)
            if sum(map(str.isalpha, part)) < 3 or low in _PARTICLES:
                continue
            if low in _ALSO_ORDINARY:
                as_written.append(part.capitalize())
            else:
                in_folded.append(low)
    return kind, tuple(in_folded), tuple(as_written)


def _kind_of(value: str) -> str:
    if "@" in value:
        return "email"
    digits = sum(sign in "0123456789" for sign in value)
    if digits >= 5 and not any(map(str.isalpha, value)):
        return "phone"
    return "address" if digits or _WORD_OF_PLACE.search(value) or len(value) > 40 else "name"


def _occurrences(text: str, value: str, kind: str) -> Iterator[_Span]:
    start = text.find(value)
    if start < 0:
        return
    whole_from, whole_to = _is_alphabetic(value[0]), _is_alphabetic(value[-1])
    while start >= 0:
        end = start + len(value)
        joined_left = whole_from and start > 0 and _is_alphabetic(text[start - 1])
        joined_right = whole_to and end < len(text) and _is_alphabetic(text[end])
        if not joined_left and not joined_right:
            yield _Span(start, end, kind)
        start = text.find(value, start + 1)


def _is_alphabetic(sign: str) -> bool:
    """Of a script that writes words apart; Chinese does not."""
    return sign < "\u2e80" and sign.isalnum()


def _same_number(plain: str, digits: str) -> Iterator[_Span]:
    """The number in other groups. Its last eight digits identify it: what comes before them depends on where
    one calls from (0171, +49 171)."""
    if len(digits) < 7:
        return
    tail = digits[-8:] if len(digits) >= 10 else digits
    for groups in _DIGIT_GROUPS.finditer(plain):
        places = [place for place in range(*groups.span()) if plain[place] in "0123456789"]
        written = "".join(plain[place] for place in places)
        at = written.find(tail)
        while at >= 0:
            first, before = at, len(digits) - len(tail)
            while first > 0 and before > 0 and written[first - 1] == digits[before - 1]:
                first, before = first - 1, before - 1
            yield _Span(places[first], places[at + len(tail) - 1] + 1, "phone")
            at = written.find(tail, at + 1)


def _folded(text: str) -> str:
    """In lower case, as long as before: a few letters grow when lowered, and Σ depends on what follows."""
    low = text.lower()
    if len(low) == len(text) and "Σ" not in text:
        return low
    return "".join(each if len(each := sign.lower()) == 1 else sign for sign in text)
