"""One process of the demo: an agent that restores a conversation and appends what is missing.

It appends a message each time it is let go, and tells the parent once it is acknowledged.
"""

from __future__ import annotations

from s3sessions.demo.conversations import load_conversations
from s3sessions.demo.talk import (
    open_place,
    place_parser,
    report,
    report_requests,
    run_process,
    wait_for_go,
)


def main() -> None:
    """Restore, then go on to the end of the conversation."""
    arguments = place_parser("append a conversation of the demo").parse_args()
    with open_place(arguments.url, arguments.under) as sessions:
        agent = sessions.open(arguments.session)
        stored = len(agent.restore().messages)
        report(restored=stored)
        report_requests(agent.requests)
        for payload in load_conversations()[arguments.session].messages[stored:]:
            if not wait_for_go():
                return
            report(acknowledged=agent.append(payload).index)


if __name__ == "__main__":
    run_process(main)
