"""One process of the demo: a writer that shares its session with another one.

It appends a message each time it is let go, so that both append at the same moment.
"""

from __future__ import annotations

from s3sessions.demo.talk import (
    open_place,
    place_parser,
    report,
    report_requests,
    run_process,
    wait_for_go,
)


def main() -> None:
    """Append so many messages under a name of its own."""
    parser = place_parser("write to a session at the same time as another process")
    parser.add_argument("--name", required=True)
    parser.add_argument("--count", type=int, required=True)
    arguments = parser.parse_args()
    with open_place(arguments.url, arguments.under) as sessions:
        agent = sessions.open(arguments.session, on_conflict="rebase")
        report(ready=True)
        for number in range(arguments.count):
            if not wait_for_go():
                return
            text = f"{arguments.name}'s message {number}"
            payload = {"role": "user", "name": arguments.name, "content": text, "number": number}
            report(acknowledged=agent.append(payload).index)
        report_requests(agent.requests)


if __name__ == "__main__":
    run_process(main)
