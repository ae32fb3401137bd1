"""What `--help` teaches of the commands that delete sessions."""

from __future__ import annotations

from typing import Final

__all__ = ["PRUNE_EPILOG", "RM_EPILOG"]

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

PRUNE_EPILOG: Final = """\
Deletes the sessions in which nobody has spoken for so long, by the store's clock: AGE is a number
and s, m, h, d or w. Says what would go and asks; without a terminal it refuses unless --yes or
--dry-run is given. A session in which somebody speaks meanwhile is kept.

One list of all objects finds the old ones; session.json is read of those alone. With --ended, the
old sessions that were never ended are counted: they stay for ever unless --ended is left out.

One that cannot be deleted is named, does not stop the rest, and makes exit code 4.

examples:
  s3sessions prune --older-than 90d --dry-run
  s3sessions prune --older-than 36h --empty --source cron --yes
  s3sessions prune --older-than 52w --ended --purge --yes --json >> receipts.jsonl
"""
