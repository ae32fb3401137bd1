"""What `--help` teaches of the commands that change what a session is."""

from __future__ import annotations

from typing import Final

__all__ = ["DESCRIBE_EPILOG", "END_EPILOG", "FORK_EPILOG", "REOPEN_EPILOG"]

DESCRIBE_EPILOG: Final = """\
What is not given stays as it is. --tag gives all tags anew. --clear takes away title, user, model,
source, tags or metadata.KEY. With --only-unset only what nobody has said yet is set: a title made
by a model then never replaces one that a person gave.

examples:
  s3sessions describe order-42 --title "A broken lamp" --tag refund --metadata desk=3
  s3sessions describe order-42 --clear title --clear metadata.desk
"""

END_EPILOG: Final = """\
A statement and no lock: ls --ended and prune --ended go by it, and whoever appends still can. The
first reason stays.

example:
  s3sessions end order-42 --reason solved
"""

REOPEN_EPILOG: Final = """\
example:
  s3sessions reopen order-42
"""

FORK_EPILOG: Final = """\
The new session shares nothing with the old one. A branch has its messages, state and metadata, to
try something else. A compression goes on in its place with --messages, a summary and what is to be
kept; the old session is ended. A delegate begins with --messages, or with none. Prints the new id.

A fork that was cut off is invisible; run it again with the same --as and it goes on, or delete it.

examples:
  s3sessions fork order-42 --until 12 --title "Another try"
  s3sessions fork order-42 --kind compression --messages summary.jsonl --as order-42-b
"""
