"""Versions of what can be edited, in HTTP: an ETag with every answer, If-Match with every change (RFC 9110, 13.1.1)."""

from typing import Annotated, Any

from fastapi import Header, Response
from pydantic_core import from_json

from shared.problems import Problem

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description='ETag of what you change, as you saw it: `"3"`. If it has changed since, the answer is 412.',
    ),
]


def tag(version: int) -> str:
    return f'"{version}"'


def must_match(if_match: str | None, version: int | None, what: str, what_zh: str, /, **members: Any) -> None:
    """Raises a 412 problem, with `members`, when the caller saw another version; no version: it does not exist."""
    if if_match is None:
        return
    # A weak tag (W/"3") never matches: If-Match compares strongly. `*` matches whatever exists.
    seen = {each.strip() for each in if_match.split(",")}
    seen |= {f'"{each}"' for each in seen if each.isdecimal()}  # a version without its quotation marks
    if version is not None and not seen.isdisjoint({tag(version), "*"}):
        return
    if version is None:
        title = f"There is no such {what}"
        detail = f"Leave If-Match out to make it. {what_zh}不存在，新建时请勿发送 If-Match。"
    else:
        title = f"The {what} has changed since you saw it"
        detail = f"Read it again, and decide again. {what_zh}在您查看之后已有变化，请重新读取。"
    raise Problem(
        412,
        "precondition-failed",
        title,
        detail,
        field="header/If-Match",
        headers={"ETag": tag(version)} if version is not None else {},
        **members,
    )


def tagged(response: Response) -> Response:
    """The answer with the ETag of the `version` in its body."""
    response.headers["ETag"] = tag(from_json(bytes(response.body))["version"])
    return response
