"""Why somebody cannot take a complaint: codes that are stored, and their words. Pure.

A code may name what is missing: `certificate:safety`.
"""

from enum import StrEnum


class WhyNot(StrEnum):
    """In the order in which it is asked; the first that holds is the reason."""

    INACTIVE = "inactive"
    CONFLICT = "conflict"
    LANGUAGE = "language"
    LAYER = "layer"
    SKILL = "skill"
    CERTIFICATE = "certificate"
    ABSENT = "absent"
    CLOSED = "closed"
    FULL = "full"
    OLDER_FIRST = "older-first"
    UNDECIDED = "undecided"


_WORDS = {
    WhyNot.INACTIVE: ("is not active any more", "已停用"),
    WhyNot.CONFLICT: ("is the person complained about", "是被投诉人本人"),
    WhyNot.LANGUAGE: ("does not speak the customer's language", "不会顾客所用语言"),
    WhyNot.LAYER: ("works in a layer that may not take it", "所在层次不符合规则"),
    WhyNot.SKILL: ("lacks a skill", "缺少所需技能"),
    WhyNot.CERTIFICATE: ("has no valid certificate", "没有有效证书"),
    WhyNot.ABSENT: ("is away", "不在岗"),
    WhyNot.CLOSED: ("does not work at this time", "不在工作时间"),
    WhyNot.FULL: ("carries as many cases as they may", "负荷已满"),
    WhyNot.OLDER_FIRST: ("older complaints come first", "更早的投诉优先"),
    WhyNot.UNDECIDED: ("a person has yet to decide the category", "等待人工分类"),
}


def words(code: str) -> tuple[str, str]:
    """English and Chinese; what is missing is named behind it."""
    kind, _, what = code.partition(":")
    english, chinese = _WORDS[WhyNot(kind)]
    return (f"{english}: {what}", f"{chinese}：{what}") if what else (english, chinese)
