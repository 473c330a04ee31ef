"""Ways in which one matter is written a second time. Each takes a text, its language and the source of chance."""

import re
from collections.abc import Callable
from itertools import pairwise
from random import Random

from opencc import OpenCC

Rewrite = Callable[[str, str, Random], str]

_SENTENCE = re.compile(r"(?<=[。！？；!?;.])\s*")
_CLAUSE = re.compile(r"(?<=[，,。！？；!?;.])\s*")
_TRADITIONAL = OpenCC("s2tw")
_WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
_NEXT_KEYS = {a: b for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for a, b in pairwise(row)}
_MISHEARD = dict(
    zip("的在做那他是没机到坏电发收货重退款修时号", "地再作哪她事美鸡倒怀店法手活从推宽休是好", strict=True)
)

_OTHER_WORDS = {
    "zh": [
        ("没有", "没"), ("已经", "都"), ("要求", "请"), ("希望", "想要"), ("你们", "贵公司"), ("我们", "我方"),
        ("问题", "毛病"), ("电话", "热线"), ("客服", "服务人员"), ("师傅", "维修人员"), ("说", "讲"),
        ("现在", "目前"), ("马上", "立刻"), ("一直", "老是"), ("非常", "特别"), ("东西", "货"), ("钱", "款"),
        ("坏", "坏掉"), ("换", "更换"), ("修", "维修"), ("给", "替"), ("因为", "由于"), ("但是", "可"),
        ("昨天", "前一天"), ("今天", "当天"), ("收到", "拿到"), ("告诉", "通知"), ("知道", "清楚"),
    ],
    "en": [
        ("called", "phoned"), ("call", "phone"), ("told", "informed"), ("received", "got"), ("said", "stated"),
        ("company", "firm"), ("bank", "institution"), ("asked", "requested"), ("because", "since"),
        ("never", "not once"), ("money", "funds"), ("paid", "settled"), ("however", "but"), ("also", "too"),
        ("letter", "note"), ("sent", "mailed"), ("refused", "declined"), ("help", "assist"), ("tried", "attempted"),
        ("wrong", "incorrect"), ("fix", "correct"), ("problem", "issue"), ("want", "would like"),
        ("again", "once more"),
    ],
}  # fmt: skip
_OPENINGS = {
    "zh": ["您好，", "之前反映过一次，再说一遍：", "我再投诉一次。", "请问有人管吗？", "上次没有回音，"],
    "en": [
        "Hello, ", "I wrote to you about this before. ", "Once more: ", "Is anybody reading this? ",
        "As I had no answer, I write again. ",
    ],
}  # fmt: skip
_CLOSINGS = {
    "zh": ["请尽快处理。", "等你们回复。", "这已经是第二次反映了。", "再不解决我就找消协。"],
    "en": [
        " Please deal with it soon.", " I am waiting for your answer.", " This is the second time that I write.",
        " If nothing happens I will go elsewhere.",
    ],
}  # fmt: skip


def typos(text: str, language: str, chance: Random) -> str:
    """One sign in twenty-five is dropped, doubled, swapped, hit beside, or heard as another."""
    signs = list(text)
    for at in range(len(signs) - 1):
        if chance.random() >= 0.04 or not signs[at].isalpha():
            continue
        match chance.randrange(4):
            case 0:
                signs[at] = ""
            case 1:
                signs[at] *= 2
            case 2:
                signs[at], signs[at + 1] = signs[at + 1], signs[at]
            case _:
                signs[at] = _NEXT_KEYS.get(signs[at], _MISHEARD.get(signs[at], signs[at]))
    return "".join(signs)


def truncated(text: str, language: str, chance: Random) -> str:
    """The first 40 to 70 hundredths."""
    return text[: max(12, int(len(text) * chance.uniform(0.4, 0.7)))]


def other_script(text: str, language: str, chance: Random) -> str:
    """Traditional signs; full width and capitals for what has no signs."""
    converted: str = _TRADITIONAL.convert(text)
    return converted.upper().translate(_WIDE)


def paraphrased(text: str, language: str, chance: Random) -> str:
    """Other words, and the sentences in another order."""
    for word, other in _OTHER_WORDS[language]:
        if chance.random() < 0.7:
            text = re.sub(rf"\b{word}\b" if language == "en" else word, other, text)
    sentences = [s for s in _SENTENCE.split(text) if s]
    chance.shuffle(sentences)
    return (" " if language == "en" else "").join(sentences)


def reported_again(text: str, language: str, chance: Random) -> str:
    """Some clauses are left out, and impatience is added."""
    clauses = [c for c in _CLAUSE.split(text) if c]
    kept = [c for c in clauses if chance.random() < 0.65] or clauses
    again = (" " if language == "en" else "").join(kept)
    return (
        chance.choice(_OPENINGS[language])
        + paraphrased(again, language, chance)
        + chance.choice(_CLOSINGS[language])
    )


REWRITES: dict[str, Rewrite] = {
    "typo": typos,
    "truncation": truncated,
    "script": other_script,
    "paraphrase": paraphrased,
    "re-report": reported_again,
}
