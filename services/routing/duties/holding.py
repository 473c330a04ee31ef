"""Which written policies hold for a department. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.routing.directory.model import Department


@dataclass(frozen=True, slots=True)
class Policy:
    """The version of a policy that is in force."""

    code: str
    version: int
    layers: Sequence[int]
    departments: Sequence[str]

    def concerns(self, department: Department) -> bool:
        return department.layer in self.layers or department.code in self.departments


def held_by(department: Department, policies: Iterable[Policy]) -> dict[str, int]:
    """Versions of those that concern the department, by code."""
    return {policy.code: policy.version for policy in policies if policy.concerns(department)}
