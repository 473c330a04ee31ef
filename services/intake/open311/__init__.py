"""Open311 GeoReport v2: the face for civic apps. What they send becomes a complaint like any other."""
