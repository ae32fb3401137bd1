"""What `--help` teaches of the commands for what was said."""

from __future__ import annotations

from typing import Final

__all__ = ["CLEAR_EPILOG", "COMPACT_EPILOG", "REPLACE_EPILOG", "TRUNCATE_EPILOG"]

TRUNCATE_EPILOG: Final = """\
Readers see the newest messages only, and the summary; a batch is never cut, so a few more may stay.
The change is one write: nobody finds messages hidden without the summary. Without --summary the one
that there is stays; --summary '' takes it away. What was used stays counted. Strands' own session
managers, which can read the same keys, see every message until compact.

It does not ask, as nothing is deleted until compact; but hidden messages do not come back. Exit
code 5: another hid, summarised or replaced something meanwhile, and nothing was done.

examples:
  s3sessions truncate order-42 --keep-last 20
  s3sessions truncate order-42 --keep-last 20 --summary "Anna's lamp is broken."
  my-model summarise | s3sessions truncate order-42 --keep-last 20 --summary -
"""

CLEAR_EPILOG: Final = """\
Like truncate --keep-last 0 --summary '': the conversation begins anew; the agent's state stays. It
does not ask, as nothing is deleted until compact; but hidden messages do not come back.

example:
  s3sessions clear order-42
"""

REPLACE_EPILOG: Final = """\
Readers see the old history or the new one, never a mix; the summary stays. At most 1,000 messages
of any shape, a JSON object a line, or an array of them. What was there is hidden, and deleted by
compact.

Exit code 5: somebody spoke meanwhile, and the history is as it was.

examples:
  s3sessions replace order-42 --messages edited.jsonl
  s3sessions show order-42 --json | jq -c .payload | grep -v secret > edited.jsonl
"""

COMPACT_EPILOG: Final = """\
Deletes what truncate, clear and replace have hidden and failed writes have left among it, and
nothing that anybody can see. It does not ask. Objects younger than --min-age stay (a number and
s, m, h, d or w), so that a writer that was held up cannot bring one back; give 0s only for sessions
in which nobody speaks any more. Run it now and then, beside whoever writes.

--pack also rewrites old visible messages, each hundred of them as one object, so that a long
session is read in few requests. Nothing of what readers see changes. Other readers of the same keys
(Strands' own session managers) do not see packed messages: export --to strands serves those.

A bucket that keeps versions keeps what is deleted: rm --purge erases those too. A session that
fails is named, does not stop the rest, and makes exit code 4.

examples:
  s3sessions compact order-42 order-43
  s3sessions compact --all --json
  s3sessions compact order-41 --min-age 0s --pack
"""
