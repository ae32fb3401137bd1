"""`SessionStore`: what a session does under picoclaw's names, and its way with errors.

For an agent loop that was written against those names and is to stay as it is. What is new speaks
to `Sessions`, which does all of this: `append`, `restore`, `summarize`, `truncate`, `replace`,
`compact`. Async code has the same verbs there, on `AsyncSessions`.
"""

from s3sessions.integrations.session_store.store import SessionStore

__all__ = ["SessionStore"]
