"""Open311 GeoReport v2: the face for civic apps. What they send becomes a complaint like any other."""

from services.intake.open311 import api, posting

router = api.router
router.include_router(posting.router)
