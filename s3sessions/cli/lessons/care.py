"""What `--help` teaches of the commands that look after a store."""

from __future__ import annotations

from typing import Final

__all__ = ["CHECK_EPILOG", "DOCTOR_EPILOG"]

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
