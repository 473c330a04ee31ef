"""HTTP in: a customer's app says where messages are pushed to."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import to_json

from services.notification.devices.store import Devices
from services.notification.opening import Opened
from shared import clock, problems
from shared.database import Transaction
from shared.idempotency import Answer, IdempotencyKey, once
from shared.opening import LIMITED
from shared.service import Ctx, api_router

router = api_router(tags=["devices"], dependencies=[LIMITED])


class Device(BaseModel):
    """Something that messages can be pushed to."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"token": "fGh4bK9:APA91bH0example"}]},
    )

    token: Annotated[str, StringConstraints(min_length=8, max_length=1000, pattern=r"^[\x21-\x7e]+$")]
    """What the push service gave the app on this device. It is kept sealed, and goes with the customer's data."""


class DeviceKept(BaseModel):
    """Whether messages about the case are pushed to the device."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    registered: bool


@router.post(
    "/tracking/{reference}/devices",
    response_model=DeviceKept,
    summary="Have messages pushed to a device",
    responses=problems.documented(404, 409),
)
async def register_device(
    case: Opened, device: Device, request: Request, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """With the tracking token. Register whenever the app is opened: again is as once."""

    async def work(transaction: Transaction) -> Answer:
        await ctx.part(Devices).keep(transaction, case.id, device.token, clock.now())
        return Answer(200, to_json(DeviceKept(registered=True)))

    return await once(request, ctx.database, case.principal, key, work)


@router.delete(
    "/tracking/{reference}/devices",
    response_model=DeviceKept,
    summary="Stop pushing to a device",
    responses=problems.documented(404),
)
async def remove_device(
    case: Opened, device: Device, request: Request, ctx: Ctx, key: IdempotencyKey = None
) -> Response:
    """A device that is not registered is no mistake."""

    async def work(transaction: Transaction) -> Answer:
        await ctx.part(Devices).drop(transaction, case.id, device.token)
        return Answer(200, to_json(DeviceKept(registered=False)))

    return await once(request, ctx.database, case.principal, key, work)
