"""The five services, by name. Only those that a process runs are imported."""

from collections.abc import Iterable
from importlib import import_module

from shared.service import Service

NAMES = ("intake", "routing", "resolution", "notification", "insights")


def load(names: Iterable[str] = NAMES) -> list[Service]:
    """The services of these names. Raises KeyError for a name that is none."""
    services = []
    for name in names:
        if name not in NAMES:
            raise KeyError(f"there is no service {name!r}; there are {', '.join(NAMES)}")
        service: Service = import_module(f"services.{name}.app").service
        services.append(service)
    return services
