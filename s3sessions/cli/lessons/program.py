"""What `s3sessions --help` teaches: examples, where the sessions are, the environment."""

from __future__ import annotations

from typing import Final

__all__ = ["DESCRIPTION", "EPILOG"]

DESCRIPTION: Final = "Durable sessions for AI agents on plain object storage."

EPILOG: Final = """\
examples:
  s3sessions demo                                  see what it does, in a temporary folder
  s3sessions import conversations.jsonl.gz         take conversations in, one a line
  s3sessions ls                                    list sessions, newest first
  s3sessions show order-42 --last 10               read the end of a conversation
  s3sessions chat                                  talk, and see what is said stored
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

Wrapped and coloured text, progress bars, .zst files and chat need rich, zstandard and tenacity,
which pip install 's3sessions[cli]' brings; everything else works without them.

exit codes:
"""
