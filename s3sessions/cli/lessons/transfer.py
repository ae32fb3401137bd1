"""What `--help` teaches of the commands that take conversations in and give them out."""

from __future__ import annotations

from typing import Final

__all__ = ["EXPORT_EPILOG", "IMPORT_EPILOG"]

IMPORT_EPILOG: Final = """\
A line is a JSON object with `messages`, a list of objects of any shape, and `session_id` or
`id`. Lines that share a session id are agents of one session, told apart by `agent_id`. Other
fields are kept with the agent. Files are plain, gzip or zstd; - is standard input.

Sessions of other programs are found in files and folders by what is in them, or by --from:
  picoclaw       .json files, or .jsonl files beside their .meta.json
  strands        folders of FileSessionManager; s3://bucket/prefix of S3SessionManager
  claude-code    .jsonl files of a project, or all projects in ~/.claude/projects
  session-file   .json files with session_id, messages, model, workspace_root, token_usage
They keep their ids, times, state and usage. Each session is read back and compared, and then
its file or folder is renamed to ….migrated; nothing is deleted, and nothing in a bucket is touched.

Importing twice changes nothing, and an import that was cut off goes on when it is run again. A
bad line or file is named, does not stop the rest, and makes exit code 4.

examples:
  s3sessions import *.jsonl.gz --session-id conversation_id
  s3sessions import ~/.strands/sessions ~/.claude/projects --keep
  s3sessions --url file:///var/sessions import s3://old-bucket/prefix
"""

EXPORT_EPILOG: Final = """\
JSON Lines, one agent of one session a line, in the order of the list; import takes them back.
A file is written under a temporary name and gets its own when it is whole; .gz and .zst
compress. Sessions that went away meanwhile and objects that cannot be read are named on standard
error and make exit code 4.

--to openai and --to anthropic write lines with the messages as these APIs take them. --to markdown
writes a folder with a file for each conversation, for people. --to strands writes a folder, or what
is under a URL, as Strands Agents' own session managers keep it: only what is visible, nothing is
overwritten, and run again it goes on. What such a shape has no place for is counted on standard
error.

examples:
  s3sessions export -o all.jsonl.zst
  s3sessions export --to openai --output openai.jsonl
  s3sessions export order-42 --to markdown --output conversations
  s3sessions export --to strands --output s3://bucket/agents
  s3sessions export order-42 | jq -c '.messages[]'
"""
