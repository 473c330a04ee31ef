"""The four layers of people and the roles in each, and the currencies of amounts: data."""

from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, TypeAdapter


class Role(BaseModel):
    """What somebody does within a layer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name_en: str
    name_zh: str


class Layer(BaseModel):
    """1 contact staff, 2 acceptance desk, 3 technical support, 4 management."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer: int
    name_en: str
    name_zh: str
    roles: tuple[Role, ...]


class _Layers(BaseModel):
    layers: tuple[Layer, ...]


CONTACT_LAYER = 1


@cache
def layers() -> tuple[Layer, ...]:
    return _Layers.model_validate_json(_read("layers.json")).layers


@cache
def layer_by_role() -> dict[str, int]:
    """The layer to which each role belongs."""
    return {role.code: layer.layer for layer in layers() for role in layer.roles}


@cache
def currencies() -> frozenset[str]:
    """Codes of ISO 4217 that money is paid in."""
    return frozenset(TypeAdapter(list[str]).validate_json(_read("currencies.json")))


def meets_customers(layer: int, role: str | None, told: bool) -> bool:
    """Does somebody meet customers: by the layer of their department, by their role, or because it is `told`?"""
    return told or CONTACT_LAYER in (layer, layer_by_role().get(role or ""))


def _read(name: str) -> bytes:
    return resources.files("services.routing.directory").joinpath(name).read_bytes()
