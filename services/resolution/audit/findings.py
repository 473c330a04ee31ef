"""What verification can find wrong with a chain, and in which words."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.resolution.lifecycle import Words


class Wrong(StrEnum):
    HASH = "hash"
    PREVIOUS = "previous"
    MISSING = "missing"
    BEGINNING = "beginning"
    END = "end"
    CONTENT = "content"
    ROW_GONE = "row_gone"
    NOT_COVERED = "not_covered"
    KEY_GONE = "key_gone"
    STATE = "state"
    CUT = "cut"
    REWRITTEN = "rewritten"
    CHAIN_GONE = "chain_gone"


WORDS: Mapping[Wrong, Words] = {
    Wrong.HASH: Words("The entry was changed: its hash does not fit", "记录被改动：哈希值不符"),
    Wrong.PREVIOUS: Words(
        "The entry does not follow the one before it: something was changed, moved or put in",
        "记录与上一条不衔接：有改动、移位或插入",
    ),
    Wrong.MISSING: Words("Entries are missing before this one", "此前有记录缺失"),
    Wrong.BEGINNING: Words("The chain does not begin as this complaint's chain must", "审计链的起点不符"),
    Wrong.END: Words("The chain does not end where the case says it does", "审计链的终点与投诉记载不符"),
    Wrong.CONTENT: Words("What the entry covers was changed", "所涉内容被改动"),
    Wrong.ROW_GONE: Words("What the entry covers is gone", "所涉内容已缺失"),
    Wrong.NOT_COVERED: Words(
        "There are rows that no entry covers, as many as `key` says", "有未经记录的内容"
    ),
    Wrong.KEY_GONE: Words(
        "The key is gone although the person was not erased", "未删除个人信息，密钥却已缺失"
    ),
    Wrong.STATE: Words("The case is in another state than its entries lead to", "投诉状态与记录推导不符"),
    Wrong.CUT: Words(
        "The chain ends before the checkpoint: its tail was cut off", "审计链短于检查点：尾部被截断"
    ),
    Wrong.REWRITTEN: Words("The chain is another one than at the checkpoint", "审计链与检查点不符：已被重写"),
    Wrong.CHAIN_GONE: Words("The whole chain is gone since the checkpoint", "检查点之后整条审计链缺失"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong."""

    complaint_id: UUID
    number: int
    """Of the entry."""
    wrong: Wrong
    key: str = ""
    """Which row it is about."""
