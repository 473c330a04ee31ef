"""What is counted over time: a dimension, and a value of it. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.insights.model import JOIN
from shared.ids import derived_id
from shared.taxonomy import newest


class Dimension(StrEnum):
    """By what complaints are counted. Pairs are joined by `+`."""

    ALL = "all"
    CATEGORY = "category"
    SUBCATEGORY = "subcategory"
    PRODUCT = "product"
    REGION = "region"
    CHANNEL = "channel"
    SUPPLIER = "supplier"
    BATCH = "batch"
    PRODUCT_CATEGORY = "product+category"
    PRODUCT_SUBCATEGORY = "product+subcategory"
    SUPPLIER_CATEGORY = "supplier+category"
    REGION_CATEGORY = "region+category"
    CHANNEL_CATEGORY = "channel+category"

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the table `complaints`; none for the sum of all."""
        return () if self is Dimension.ALL else tuple(self.value.split("+"))

    @property
    def born(self) -> str | None:
        """Its part of which new values come into being (a product, a supplier, a batch): before the first complaint
        about one there was nothing to be silent about. Of the others, such as a category, all exist all the time."""
        return next((name for name in self.columns if name in _BORN), None)


_BORN = ("product", "supplier", "batch")
_NAMES = {
    "category": ("category", "类别"),
    "subcategory": ("subcategory", "小类"),
    "product": ("product", "产品"),
    "region": ("region", "地区"),
    "channel": ("channel", "渠道"),
    "supplier": ("supplier", "供应商"),
    "batch": ("batch", "批次"),
}


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One series."""

    dimension: Dimension
    value: str
    """Values of a pair are joined by JOIN."""

    @property
    def parts(self) -> dict[str, str]:
        """By column of `complaints`."""
        return dict(zip(self.dimension.columns, self.value.split(JOIN), strict=True)) if self.value else {}

    @property
    def born(self) -> "Key":
        """The series by which its age is told: its product's, its supplier's, or that of all complaints."""
        name = self.dimension.born
        return Key(Dimension(name), self.parts[name]) if name else Key(Dimension.ALL, "")

    def id(self, *further: object) -> UUID:
        return derived_id("series", self.dimension, self.value, *further)

    def words(self) -> tuple[str, str]:
        """In English and Chinese: `product kettle, category Delivery`."""
        if not self.parts:
            return "all complaints", "全部投诉"
        labels = [(_NAMES[name], _label(name, value)) for name, value in self.parts.items()]
        return (
            ", ".join(f"{english} {label[0]}" for (english, _), label in labels),
            "，".join(f"{chinese}“{label[1]}”" for (_, chinese), label in labels),
        )


def _label(name: str, value: str) -> tuple[str, str]:
    for category in newest().categories if name in ("category", "subcategory") else ():
        for each in (category, *category.subcategories):
            if each.code == value:
                return each.name_en, each.name_zh
    return value, value
