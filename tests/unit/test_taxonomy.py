"""The taxonomy of source 1, exactly; and that whoever uses it names only what it has."""

import json
from importlib import resources

import pytest
from pydantic import ValidationError

from shared.taxonomy import Taxonomy, UnknownCode, newest, versions

SOURCE = {
    "功能不良": ("使用上", "安全上"),
    "尺寸不合": ("不影响装配使用", "无法装配或精度影响"),
    "交付延误": ("客户更改", "公司内因"),
    "途中破损": ("包装破损", "产品破损"),
    "外观不良": ("A面", "B、C面"),
    "服务态度": ("响应慢", "言语争执"),
    "型号不符": ("下错单", "发错货"),
    "数量不对": ("下错单", "点错数"),
    "售后支持": ("响应慢", "未解决问题"),
    "客户策略": ("额外利益", "自身操作失误", "被迫合作"),
}
"""Words of the text, level 1 and 2, in its order."""


@pytest.mark.requirement(
    "001-05",
    "001-05a",
    "001-05b",
    "001-05c",
    "001-05d",
    "001-05e",
    "001-05f",
    "001-05g",
    "001-05h",
    "001-05i",
    "001-05j",
    "000-23",
)
def test_version_1_is_the_taxonomy_of_the_text() -> None:
    first = versions()[1]
    assert [category.name_zh for category in first.categories] == list(SOURCE)
    for category in first.categories:
        words = SOURCE[category.name_zh]
        assert len(category.subcategories) == len(words)
        for subcategory, word in zip(category.subcategories, words, strict=True):
            assert word in subcategory.name_zh
            assert subcategory.name_en.isascii()
        assert category.name_en.isascii()
        assert category.values, "every grievance has its positive opposite"
    assert [category.code for category in first.categories if category.review] == ["customer_strategy"]
    assert first.subcategory("function_fault", "safety").severity == "major"


def test_the_rules_of_triage_name_categories_of_the_newest_version() -> None:
    rules = json.loads(resources.files("services.routing.triage").joinpath("rules.json").read_text("utf-8"))
    for rule in rules["rules"]:
        if "category" in rule:
            assert not newest().category(rule["category"]).review, "rules never speak ill of a customer"


def test_unknown_places_are_refused_in_both_languages() -> None:
    with pytest.raises(UnknownCode, match=r"no category 'weather'.*没有该类别"):
        newest().check("weather", None)
    with pytest.raises(UnknownCode, match=r"no subcategory 'a_face'.*没有此子类"):
        newest().check("dimension", "a_face")


@pytest.mark.parametrize("change", ["twice", "unknown value"])
def test_a_taxonomy_that_contradicts_itself_cannot_be_read(change: str) -> None:
    data = newest().model_dump(mode="json")
    if change == "twice":
        data["categories"].append(data["categories"][0])
    else:
        data["categories"][0]["values"] = ["luck"]
    with pytest.raises(ValidationError, match=r"there twice|unknown values"):
        Taxonomy.model_validate(data)
