"""From a posted form to what it tells: a complaint, and what Open311 tells beyond it. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, UrlConstraints, ValidationError, model_validator
from pydantic_core import Url

from services.intake.open311.answers import Refused
from services.intake.open311.asked import CONTROL
from services.intake.open311.words import service_name, words
from services.intake.record.parts import Body
from services.intake.schemas import NewComplaint
from shared import problems
from shared.events.vocabulary import Channel, ComplainantType, Language
from shared.text import LongText, ShortText

MOST_FIELDS = 300
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,100})\](?:\[\])?")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_PARAMETERS = {
    "statement.what_went_wrong": "description",
    "customer.name": "first_name",
    "customer.email": "email",
    "customer.phone": "phone",
    "customer.external_id": "account_id",
    "facts.where": "address_string",
}
"""Which parameter a field of the complaint comes from, where it is no attribute."""

Degrees = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=20), AfterValidator(lambda d: round(d, 6))]
MediaUrl = Annotated[
    Url, UrlConstraints(max_length=2000, allowed_schemes=["http", "https"], host_required=True)
]


class Place(Body):
    """Where the matter is: a point, an address, or the number of an address."""

    lat: Annotated[Degrees, Field(ge=-90, le=90)] | None = None
    long: Annotated[Degrees, Field(ge=-180, le=180)] | None = None
    address_string: ShortText | None = None
    address_id: ShortText | None = None
    device_id: ShortText | None = None
    media_url: Annotated[tuple[MediaUrl, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if (self.lat is None) != (self.long is None):
            raise ValueError("lat and long come together 经纬度须同时提供")
        if self.lat is None and not self.address_string and not self.address_id:
            raise ValueError(
                "say where it is: lat and long, address_string, or address_id 请提供经纬度、地址或地址编号"
            )
        return self

    @property
    def told(self) -> str | None:
        """In words, for who works on it."""
        point = f"{self.lat}, {self.long}" if self.lat is not None else None
        return self.address_string or point or self.address_id


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters of a request, blank ones left out."""

    values: Mapping[str, str]
    """Of what comes several times, the last."""
    media: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]

    def language(self, asked: Language | None) -> Language:
        if asked is not None:
            return asked
        return Language.ZH if _CHINESE.search(self.values.get("description", "")) else Language.EN


def form_of(pairs: Iterable[tuple[str, str]]) -> Form:
    """Raises Refused."""
    values: dict[str, str] = {}
    media: list[str] = []
    attributes: dict[str, list[str]] = {}
    for name, value in pairs:
        given = value.strip()
        if "\ufffd" in name + value:
            raise Refused(400, "What is sent must be UTF-8. 请使用 UTF-8 编码。")
        if CONTROL.search(name + given):
            raise Refused(400, f"{name[:100]!r}: control characters are not taken. 不能含有控制字符。")
        if not given:
            continue
        if found := _ATTRIBUTE.fullmatch(name):
            attributes.setdefault(found[1], []).append(given)
        elif name == "media_url":
            media.append(given)
        else:
            values[name] = given
    return Form(values, tuple(media), {code: tuple(each) for code, each in attributes.items()})


def place_of(form: Form) -> Place:
    """Raises Refused."""
    values = form.values
    told = {name: values[name] for name in Place.model_fields if name in values}
    if "deviceid" in values:  # as FixMyStreet spells it
        told.setdefault("device_id", values["deviceid"])
    try:
        return Place.model_validate({**told, "media_url": form.media})
    except ValidationError as error:
        raise _wrong(error) from None


def complaint_of(form: Form, place: Place, code: str, language: Language) -> NewComplaint:
    """Raises Refused."""
    values = form.values
    name = " ".join(values[part] for part in ("first_name", "last_name") if part in values)
    customer: dict[str, Any] = {
        field: values[parameter]
        for field, parameter in (("email", "email"), ("phone", "phone"), ("external_id", "account_id"))
        if parameter in values
    }
    if name and name != "-":  # a name that nobody gave is sent as a dash by some
        customer["name"] = name
    if not customer:
        customer["type"] = ComplainantType.ANONYMOUS
    told: dict[str, Any] = {
        "channel": Channel.API,
        "language": language,
        # A request without words is allowed; then what was chosen is what was said.
        "statement": {"what_went_wrong": values.get("description") or service_name(code, language)},
        "customer": customer,
        "facts": {"where": place.told},
    }
    for attribute in words().attributes:
        given = form.attributes.get(attribute.code)
        if given is None:
            continue
        *parts, last = attribute.field.split(".")
        within = told
        for part in parts:
            within = within.setdefault(part, {})
        within[last] = given if attribute.datatype == "multivaluelist" else given[-1]
    try:
        return NewComplaint.model_validate(told)
    except ValidationError as error:
        raise _wrong(error) from None


class Update(Body):
    """What a reporter has to add, or somebody else about their request."""

    description: LongText
    first_name: ShortText | None = None
    last_name: ShortText | None = None


def _wrong(error: ValidationError) -> Refused:
    attributes = {each.field: f"attribute[{each.code}]" for each in words().attributes}
    names = _PARAMETERS | attributes
    told = []
    for each in problems.field_errors(error.errors(), separator="."):
        field = next(
            (names[f] for f in names if each.field == f or each.field.startswith(f"{f}.")), each.field
        )
        told.append(f"{field}: {each.detail}" if field else each.detail)
    return Refused(400, *told)
