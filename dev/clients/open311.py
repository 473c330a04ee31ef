"""A civic app's way with `three`, the client library of Open311, as it is: argv are the URL and an API key."""

import itertools
import sys
from datetime import UTC, datetime

itertools.ifilter = filter  # it was written for Python 2

from three import Three  # noqa: E402 - only now can it be imported


def main(url: str, key: str) -> None:
    client = Three(url, api_key=key, jurisdiction="redress.example")
    assert client.discovery()["endpoints"]
    assert client.services()[0]["service_code"] == "function_fault"
    assert client.services("function_fault")["attributes"]
    [made] = client.post(
        "function_fault",
        address="123 Any St",
        name="Zach Williams",
        phone="555-5555",
        description="My issue description.",
    )
    reference = made["service_request_id"]
    [told] = client.request(reference, api_key=key)
    assert told["description"] == "My issue description."
    assert reference in [each["service_request_id"] for each in client.requests(api_key=key)]
    today = datetime.now(UTC).strftime("%m-%d-%Y")
    assert client.requests("dimension", between=[today, today]) == []
    print(reference)


main(*sys.argv[1:])
