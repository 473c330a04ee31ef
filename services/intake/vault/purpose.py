"""Nobody reads personal data without saying what for; a service's purpose is its task."""

from typing import Annotated

from fastapi import Depends, Header

from services.intake.vault import store
from services.intake.vault.model import What
from shared.auth import Principal
from shared.masking import mask
from shared.problems import Problem

SHORTEST, LONGEST = 3, 200

Given = Annotated[
    str | None,
    Header(
        alias="X-Purpose",
        max_length=LONGEST,
        description="What the personal data is needed for: it goes into the audit trail. Services leave it out. "
        "Percent-encode what is not ASCII. 读取个人信息的目的，将记入审计日志。",
        examples=["call the customer back about RD-7K3M9QXT-4"],
    ),
]
