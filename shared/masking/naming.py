"""What the text calls a number: the words right before it."""

from typing import Final, NamedTuple

from shared.masking.signs import words

# Lists of words and `endswith`, because a search for one big pattern of words takes ten times as long.
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz/"
_JOINTS: Final = " \t\r\n.:：#是为=-(（"
_FOR_NUMBER: Final = frozenset(words("number numbers num no nr id ids code"))


class Before(NamedTuple):
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


def what_precedes(text: str) -> Before:
    low = text.lower()
    noun = low.rstrip(_JOINTS)
    noun = noun.removesuffix(" is").removesuffix(" was").rstrip(_JOINTS)
    core = noun.removesuffix("号码").removesuffix("编号").removesuffix("号")
    if (word := _last_word(core)) in _FOR_NUMBER:
        core = core.removesuffix(word).rstrip(_JOINTS)
    return Before(text, noun, core, low[len(noun) :])


def _last_word(text: str) -> str:
    return text[len(text.rstrip(_LETTERS)) :]


_NAMED_OTHERWISE: Final = words(
    """订单 定单 单号 单据 工单 运单 编号 编码 型号 批号 批次 序列 货号 料号 条码 条形码 流水 交易号 发票号
    合同号 案号 投诉号 受理号 参考号 质检号 版本 固件"""
)
_WORDS_FOR_OTHERS: Final = frozenset(
    words(
        """order orders invoice batch lot serial model part tracking parcel shipment ticket case ref reference
        transaction item article barcode ean upc isbn imei sku sn s/n po p/o version firmware ver build
        contract receipt quote"""
    )
)
_NAMED_PHONE: Final = ("电话", "座机", "固话", "传真", "联系方式")
_WORDS_FOR_PHONE: Final = frozenset(("tel", "telephone", "fax", "whatsapp"))
_NAMED_CARD: Final = words("行卡 信用卡 储蓄卡 借记卡 银行账号 银行账户") + tuple(
    f"{kind} {noun}" for kind in ("bank", "credit", "debit") for noun in ("card", "account")
)
_WORDS_FOR_CARD: Final = frozenset(("visa", "mastercard", "amex", "unionpay"))
PHONES: Final = frozenset(("phone", "mobile", "cell", "handy"))


def is_named_otherwise(before: Before) -> bool:
    return before.says(_NAMED_OTHERWISE, _WORDS_FOR_OTHERS)


def is_named_phone(before: Before) -> bool:
    if before.says(_NAMED_PHONE, _WORDS_FOR_PHONE):
        return True
    # A phone is a product too: "手机 128 4999" is no number to call.
    is_number = before.core != before.noun or any(sign in before.joint for sign in (":", "：", "是", " is"))
    return is_number and before.says(("手机",), PHONES)


def is_named_id(before: Before) -> bool:
    _, card, between = before.text.rpartition("身份证")
    if card and len(between) <= 16 and not any(sign in between for sign in "，。；,;"):
        return True
    return before.says(("证件", "id card", "identity card"), frozenset(("identification",)))


def is_named_card(before: Before) -> bool:
    if before.says(_NAMED_CARD, _WORDS_FOR_CARD):
        return True
    if before.noun.endswith(("卡号", "卡号码")):
        return not before.core.endswith(("会员卡", "礼品卡", "购物卡", "积分卡"))
    is_number = before.core != before.noun
    return is_number and _last_word(before.core) == "card" and not before.core.endswith("gift card")


def is_named_ssn(before: Before) -> bool:
    return before.says(("social security",), frozenset(("ssn",)))
