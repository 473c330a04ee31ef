"""Intake over HTTP, on real PostgreSQL."""


from tests.world import World


async def test_registers(world: World) -> None:
    body = await world.register()
    assert body["reference"].startswith("RD-")
