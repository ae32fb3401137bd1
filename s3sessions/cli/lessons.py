"""What `--help` teaches beside the options: examples, exit codes, what a command is for."""

from __future__ import annotations

from typing import Final

__all__ = [
    "CHECK_EPILOG",
    "DEMO_EPILOG",
    "DESCRIPTION",
    "DOCTOR_EPILOG",
    "EPILOG",
    "EXPORT_EPILOG",
    "IMPORT_EPILOG",
    "INFO_EPILOG",
    "LS_EPILOG",
    "RM_EPILOG",
    "SHOW_EPILOG",
    "STATS_EPILOG",
]

DESCRIPTION: Final = "Durable sessions for AI agents on plain object storage."

EPILOG: Final = """\
examples:
  s3sessions demo                                  see what it does, in a temporary folder
  s3sessions import conversations.jsonl.gz         take conversations in, one a line
  s3sessions ls                                    list sessions, newest first
  s3sessions show order-42 --last 10               read the end of a conversation
  s3sessions --url s3://bucket/prod stats          the same commands on a bucket
  s3sessions ls --ids | head -3 | xargs s3sessions export -o some.jsonl.gz

where the sessions are (--url, else S3SESSIONS_URL, else a folder in your data directory):
  s3://bucket/prefix    Amazon S3, or a compatible server with --endpoint-url
  file:///var/sessions  a folder; the same keys as files

environment:
  S3SESSIONS_URL, S3SESSIONS_ENDPOINT_URL, S3SESSIONS_REGION, S3SESSIONS_PROFILE
                        what the options of the same names say; an option wins
  S3SESSIONS_WIDTH, S3SESSIONS_PUT_ARGS, S3SESSIONS_READ_TIMEOUT, …
                        every other setting of the library
  AWS_…                 credentials, as for every AWS tool
  NO_COLOR              no colours on a terminal

Wrapped and coloured text, progress bars and .zst files need rich and zstandard, which
pip install 's3sessions[cli]' brings; everything else works without them.

exit codes:
"""

IMPORT_EPILOG: Final = """\
A line is a JSON object with `messages`, a list of objects of any shape, and `session_id` or
`id`. Lines that share a session id are agents of one session, told apart by `agent_id`. Other
fields are kept with the agent. Files are plain, gzip or zstd; - is standard input.

Importing twice changes nothing, and an import that was cut off goes on when it is run again. A
bad line is named with its file and line number, does not stop the rest, and makes exit code 4.

example:
  s3sessions import *.jsonl.gz --session-id conversation_id
"""

LS_EPILOG: Final = """\
The table lists every object once and reads none: one request for each 1,000 objects. --ids asks
for ids alone, one request for each 1,000 sessions, and prints them as they come.

An id with control characters is shown with \\x escapes; --json gives it exactly.

examples:
  s3sessions ls --sort bytes --limit 20
  s3sessions ls --ids --limit 100            says at the end how to go on
  s3sessions ls --json | jq -r 'select(.messages > 100) | .id'
"""

SHOW_EPILOG: Final = """\
Long texts are folded, with what was left out; binary content is never printed. Objects that
cannot be read are passed over, named at the end, and make exit code 4.

examples:
  s3sessions show order-42
  s3sessions show ord --agent support --last 20 --full | less
  s3sessions show order-42 --json | jq .payload
"""

INFO_EPILOG: Final = """\
example:
  s3sessions info order-42
"""

EXPORT_EPILOG: Final = """\
JSON Lines, one agent of one session a line, in the order of the list; import takes them back.
A file is written under a temporary name and gets its own when it is whole; .gz and .zst
compress. Sessions that went away meanwhile and objects that cannot be read are named on standard
error and make exit code 4.

examples:
  s3sessions export -o all.jsonl.zst
  s3sessions export order-42 | jq -c '.messages[]'
"""

STATS_EPILOG: Final = """\
Lists every object once and reads none: one request for each 1,000 objects.

example:
  s3sessions stats --url s3://bucket/prod
"""

RM_EPILOG: Final = """\
Says what would go and asks; without a terminal it refuses unless --yes is given. Ids are exact
here: a prefix names nothing. A deletion that was cut off goes on when it is run again.

A bucket that keeps versions keeps what is deleted. --purge erases those too, with delete markers
and unfinished uploads, also of a session that was deleted before, and prints a receipt. What the
store refuses (Object Lock, a missing permission) is named and makes exit code 4.

examples:
  s3sessions rm order-41
  s3sessions rm order-41 --agent support --yes
  s3sessions rm order-41 --purge --json >> receipts.jsonl
"""

CHECK_EPILOG: Final = """\
Some stores answer 200 to a conditional write and overwrite all the same; sessions would lose
messages there in silence. This writes and deletes some small objects beside the sessions, under
s3sessions_check_…, in about 130 requests, and says what each failure means. Run it once on a
store that you do not know, and again when the server, or the bucket's versioning, has changed.

A failure that makes sessions unsafe is FATAL and makes exit code 1; one that costs something else
is a reservation.

examples:
  s3sessions check --url s3://bucket/prod
  s3sessions check --url s3://bucket --endpoint-url http://localhost:9000 --json | jq .ok
"""

DOCTOR_EPILOG: Final = """\
Checks the store, reads every object of the sessions (all of them, if none is named) and says
of each thing that is wrong what it means and what to do. Nothing is written but what check writes.

--repair does what costs no message, each by a conditional write: it creates missing documents,
ends deletions that were cut off, deletes expired leases, and makes a void of the later of two
messages with the same write id and the same content. It never guesses: whatever else is found is
left to you. Run twice, the second run finds nothing left to repair.

Exit code 0: nothing is left to do; 4: findings are left; 1: the store is not fit, and nothing was
repaired. Ids are exact here: a beginning names nothing.

examples:
  s3sessions doctor
  s3sessions doctor order-42 --repair
  s3sessions doctor --no-check --json | jq -r 'select(.repairable | not) | .key'
"""

DEMO_EPILOG: Final = """\
Runs in a temporary folder, or with --url in a bucket of yours, under a fresh name beginning with
demo-. What it claims it checks: exit code 1 if a claim does not hold.

examples:
  s3sessions demo
  s3sessions demo --url s3://bucket --keep
"""
