"""What `bench/fill.py` writes is what the services read: it keeps in step with the tables."""

from services.intake.registration import tracking_token
from tests.conftest import NewDatabase
from tests.world import World, eventually, open_world
