"""What somebody wrote in this mail, apart from what they quoted and from their signature. Pure, linear in time.

Mail programs in Chinese and English announce a quote in a few dozen ways; the library that knows most of them says of
its Chinese that nobody tried it, and its patterns take a sentence that begins with thanks for a signature.
"""

import re
from typing import NamedTuple

_DIVIDER = re.compile(
    r"\s*-{2,}\s*(?:original message|forwarded message|original|原始邮件|原邮件|回复的原邮件|转发邮件信息"
    r"|转发的邮件|转发邮件|原始郵件|轉寄郵件|轉寄的郵件)\s*-{2,}\s*",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s*(?:begin forwarded message|开始转发的邮件|下面是被转发的邮件|以下是转发的邮件)\s*[:：]?\s*", re.I
)
_FROM = re.compile(r"[\s*]*(?:from|发件人|寄件者|寄件人|發件人)[\s*]*[:：].{0,500}", re.IGNORECASE)
_WITH_FROM = re.compile(
    r"[\s*]*(?:sent|date|to|cc|subject|发送时间|发送日期|日期|收件人|抄送|主题|寄件日期|收件者|副本|主旨|時間|时间)[\s*]*[:：]",
    re.IGNORECASE,
)
_WROTE = re.compile(r".{0,600}(?:\bwrote|写道|寫道|写到)\s*[:：]\s*")
_DATED = re.compile(r"\d{4}|\d{1,2}[:：]\d{2}|\d{1,2}月")
_BEGINS_WROTE = re.compile(
    r"\s*(?:on|at|in|在|于|於|\d{4}|[^\s,，。]{1,40}.{0,80}(?:于|於|在)\s*\d{4}|.{0,100}<[^<>\s]+@)", re.I
)
_MOBILE = re.compile(
    r"\s*(?:sent from my .{1,40}|sent from (?:mail|outlook|yahoo).{0,60}|get outlook for .{1,60}|sent via .{1,40}"
    r"|(?:发自|發自|来自|從|从)我的.{1,30}|(?:发自|發自|来自).{1,20}(?:客户端|邮箱|手机)|从\s*windows.{0,20}发送"
    r"|使用.{1,20}(?:发送|客户端))\s*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\s*(?:(?:best|kind|warm|with best|with kind)\s*(?:regards|wishes)|regards|sincerely(?: yours)?"
    r"|yours (?:sincerely|faithfully|truly)|此致|敬礼|敬上|祝好|祝商祺|[顺敬][颂祝]商祺)[\s,，。.!！~]*",
    re.IGNORECASE,
)
_AFTER_CLOSING = 10
"""Lines that a signature after a closing formula has at most."""
_AFTER_DASHES = 20


class Parted(NamedTuple):
    own: str
    """What was written in this mail."""
    shortened: bool
    """A quote or a signature was taken away."""


def parted(text: str) -> Parted:
    """If nothing but quotes is left, they are what the mail has to say: then all of it is `own`."""
    lines = text.split("\n")
    kept, quoted = _without_quotes(lines)
    lines, signed = _without_signature(kept)
    own = "\n".join(lines).strip()
    if own:
        return Parted(own, quoted or signed)
    return Parted(text.strip(), shortened=False)


def _without_quotes(lines: list[str]) -> tuple[list[str], bool]:
    kept: list[str] = []
    quoted = False
    number = 0
    while number < len(lines):
        line = lines[number]
        if _ends_here(lines, number):
            while kept and not kept[-1].strip(" _-*"):
                kept.pop()  # the rule that is drawn above it
            return kept, True
        if length := _attribution(lines, number):
            after = next((each for each in lines[number + length :] if each.strip()), "")
            if not after.lstrip().startswith(">"):
                return kept, True
            quoted = True
            number += length
            continue
        if line.lstrip().startswith(">"):
            quoted = True
        else:
            kept.append(line)
        number += 1
    return kept, quoted


def _ends_here(lines: list[str], number: int) -> bool:
    """Everything from this line on is another mail."""
    line = lines[number]
    if len(line) > 600:
        return False
    if _DIVIDER.fullmatch(line) or _FORWARDED.fullmatch(line):
        return True
    if _FROM.fullmatch(line):
        return sum(1 for each in lines[number + 1 : number + 8] if _WITH_FROM.match(each[:200])) >= 2
    return False


def _attribution(lines: list[str], number: int) -> int:
    """How many lines here say who wrote, and when, what is quoted next; 0 when they do not."""
    if not _BEGINS_WROTE.match(lines[number][:300]):
        return 0
    for length in (1, 2, 3):
        several = " ".join(each[:200] for each in lines[number : number + length])
        if _WROTE.fullmatch(several) and _DATED.search(several):
            return length
    return 0


def _without_signature(lines: list[str]) -> tuple[list[str], bool]:
    """And whether there was more to take away than a telephone's own line."""
    signed = False
    while lines:
        if not lines[-1].strip() or _MOBILE.fullmatch(lines[-1][:150]):
            lines = lines[:-1]
        elif begin := _signature(lines):
            lines, signed = lines[:begin], True
        else:
            break
    return lines, signed


def _signature(lines: list[str]) -> int:
    """Where the signature begins; 0 when there is none."""
    for number in range(max(1, len(lines) - _AFTER_DASHES), len(lines)):
        if lines[number].rstrip() == "--":
            return number
    for number in range(max(1, len(lines) - _AFTER_CLOSING), len(lines)):
        if _CLOSING.fullmatch(lines[number][:100]) and all(len(each) <= 80 for each in lines[number:]):
            return number
    return 0
