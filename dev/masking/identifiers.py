"""Identifiers made by chance. They belong to nobody, but their check digits are right."""

import random
from collections.abc import Sequence

REGIONS = ("110105", "310115", "440305", "330106", "510104", "420102", "610113", "210202", "320505", "350203")
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = ("伟", "芳", "秀英", "敏", "建国", "丽娟", "志强", "雨桐", "子轩", "晓明")
ENGLISH = (
    "Margaret Olsen",
    "Piotr Nowak",
    "Aisha Rahman",
    "Jean-Luc Moreau",
    "Siobhan O'Neill",
    "Karl Lindqvist",
)
CITIES = (
    "杭州市西湖区",
    "广东省深圳市南山区",
    "北京市海淀区",
    "成都市武侯区",
    "江苏省苏州市吴中区",
    "武汉市江岸区",
)
ROADS = ("文三路", "科苑南路", "中关村大街", "人民南路四段", "解放大道", "东吴北路")


def digits(chance: random.Random, number: int) -> str:
    return "".join(chance.choices("0123456789", k=number))


def identity(chance: random.Random) -> str:
    """With its check digit (GB 11643)."""
    day = f"{chance.randint(1950, 2005)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    body = chance.choice(REGIONS) + day + digits(chance, 3)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def card(chance: random.Random) -> str:
    """With its check digit (Luhn)."""
    prefix, length = chance.choice((("622848", 19), ("621700", 19), ("4", 16), ("52", 16), ("625", 16)))
    body = prefix + digits(chance, length - len(prefix) - 1)
    doubled = sum(int(d) * 2 - 9 * (d > "4") for d in body[::-2]) + sum(map(int, body[-2::-2]))
    return body + str(-doubled % 10)


def mobile(chance: random.Random) -> str:
    return f"1{chance.choice('3456789')}{digits(chance, 9)}"


def area(chance: random.Random) -> str:
    return chance.choice(("010", "021", "0755", "0571", "028", "0512"))


def landline(chance: random.Random) -> tuple[str, str]:
    return area(chance), chance.choice("68") + digits(chance, 7)


def passport(chance: random.Random) -> str:
    return chance.choice("EGD") + digits(chance, 8)


def plate(chance: random.Random) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    province = chance.choice("京沪粤浙苏川鲁鄂")
    office = chance.choice(letters[:10])
    return province + office + chance.choice(letters) + digits(chance, 4)


def mailbox(chance: random.Random) -> str:
    return chance.choice(("li.wei", "zhang_san88", "m.olsen", "service-user", "j1990")) + digits(chance, 2)


def house(chance: random.Random) -> str:
    return f"{chance.randint(1, 999)}号"


def home(chance: random.Random) -> str:
    return f"{chance.randint(1, 30)}幢{chance.randint(1, 4)}单元{chance.randint(101, 2804)}室"


def grouped(number: str, sizes: Sequence[int], between: str) -> str:
    groups, at = [], 0
    for size in sizes:
        groups.append(number[at : at + size])
        at += size
    return between.join([*groups, number[at:]] if number[at:] else groups)
