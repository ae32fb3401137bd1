"""The process of the server: SeaweedFS behind a wire that holds each request back for a while.

It says on one line of JSON where it is, then answers each command with one line, until its input
ends.
"""

from __future__ import annotations

import json
import sys

from tests.servers.weed import Weed
from tests.servers.wire import Delay, Rule, WireProxy


def obey(wire: WireProxy, command: str, argument: float) -> int:
    """Do what a line says; the answer is how many requests have ended since the last reset."""
    match command:
        case "delay":
            wire.rules([Rule(Delay(argument))] if argument else [])
        case "reset":
            wire.settle()
            wire.reset()
        case "settle":
            wire.settle()
    return len(wire.log)


def main() -> None:
    with Weed() as weed, WireProxy(weed.endpoint_url) as wire:
        print(json.dumps([wire.url, weed.endpoint_url, weed.make_bucket()]), flush=True)
        for line in sys.stdin:
            print(obey(wire, *json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
