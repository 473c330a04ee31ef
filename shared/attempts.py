"""Guessing is slowed down."""

from limits import parse

from shared.asgi import Window
from shared.problems import Problem


class Attempts:
    """Counts by address the references and tokens that opened nothing. Each process its own."""

    def __init__(self, limit: str) -> None:
        self._window = Window(parse(limit))

    def check(self, address: str) -> None:
        """Raises the 429 problem while the address has used up its attempts, whatever it asks for now: to answer
        the right ones still would tell which they are."""
        left, seconds = self._window.left(address)
        if left <= 0:
            reset = max(1, round(seconds))
            raise Problem(
                429,
                "too-many-requests",
                "Too many references or tokens that open nothing",
                f"Check them as they stand in the acknowledgement, and try again in {reset} s. "
                f"错误次数过多，请核对投诉编号和查询码，{reset} 秒后再试。",
                headers={"Retry-After": str(reset)},
            )

    def failed(self, address: str) -> None:
        self._window.hit(address)
