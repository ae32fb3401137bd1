"""What `--help` teaches of the commands that look."""

from __future__ import annotations

from typing import Final

__all__ = ["INFO_EPILOG", "LS_EPILOG", "SHOW_EPILOG", "STATS_EPILOG"]

LS_EPILOG: Final = """\
The table lists every object once and reads none: one request for each 1,000 objects. --ids asks
for ids alone, one request for each 1,000 sessions, and prints them as they come.

--long shows titles and how conversations begin, the newest first, and so do the filters; times go
by the last message. That reads two objects or more of each session shown, and session.json of each
that a filter passes over. A session that was compressed is shown as the one that goes on with it.

An id with control characters is shown with \\x escapes; --json gives it exactly.

examples:
  s3sessions ls --sort bytes --limit 20
  s3sessions ls --ids --limit 100            says at the end how to go on
  s3sessions ls --long --limit 20
  s3sessions ls --user anna --open --since 2026-11-01
  s3sessions ls --json | jq -r 'select(.messages > 100) | .id'
"""

SHOW_EPILOG: Final = """\
Long texts are folded, with what was left out; binary content is never printed. Objects that
cannot be read are passed over, named at the end, and make exit code 4.

A summary stands before the messages, and how many of them are hidden; what the messages used, the
hidden ones too, is added up at the end, but not with --last. --json prints messages alone.

examples:
  s3sessions show order-42
  s3sessions show ord --agent support --last 20 --full | less
  s3sessions show order-42 --json | jq .payload
"""

INFO_EPILOG: Final = """\
example:
  s3sessions info order-42
"""

STATS_EPILOG: Final = """\
Lists every object once and reads none: one request for each 1,000 objects.

example:
  s3sessions stats --url s3://bucket/prod
"""
