"""Level 1 of the taxonomy (常见客诉问题), in English and Chinese."""

from enum import StrEnum


class Category(StrEnum):
    FUNCTION_FAULT = "function_fault"
    DIMENSION = "dimension"
    LATE_DELIVERY = "late_delivery"
    TRANSIT_DAMAGE = "transit_damage"
    APPEARANCE = "appearance"
    SERVICE_ATTITUDE = "service_attitude"
    WRONG_MODEL = "wrong_model"
    WRONG_QUANTITY = "wrong_quantity"
    AFTER_SALES = "after_sales"
    CUSTOMER_STRATEGY = "customer_strategy"


CATEGORIES: dict[Category, tuple[str, str]] = {
    Category.FUNCTION_FAULT: ("Function fault", "功能不良"),
    Category.DIMENSION: ("Wrong dimension", "尺寸不合"),
    Category.LATE_DELIVERY: ("Late delivery", "交付延误"),
    Category.TRANSIT_DAMAGE: ("Transit damage", "途中破损"),
    Category.APPEARANCE: ("Poor appearance", "外观不良"),
    Category.SERVICE_ATTITUDE: ("Service attitude", "服务态度"),
    Category.WRONG_MODEL: ("Wrong model", "型号不符"),
    Category.WRONG_QUANTITY: ("Wrong quantity", "数量不对"),
    Category.AFTER_SALES: ("After-sales support", "售后支持"),
    Category.CUSTOMER_STRATEGY: ("Customer strategy", "客户策略"),
}
