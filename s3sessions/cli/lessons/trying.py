"""What `--help` teaches of the commands that show what this is."""

from __future__ import annotations

from typing import Final

__all__ = ["CHAT_EPILOG", "DEMO_EPILOG"]

CHAT_EPILOG: Final = """\
Each line is stored before the model is asked, and each answer when it is whole. Ctrl-C ends an
answer and keeps what was said as a partial message, and so does SIGTERM, which ends the chat with
code 0. Every folder has conversations of its own, under a name that /session tells; --resume goes
on in the latest of them. /help tells the commands.

A model is a function in a module of this folder, or one that is installed:
  def answer(messages):                  a list of {"role": …, "content": …}, the last is asked
      yield "some "                      or return the whole text; async works, too
      yield {"outputTokens": 2}          what it has used; may be left away
or a Strands agent, or a function without arguments that makes one. Errors that may pass (no
connection, time-outs, throttling, 5xx) are tried again, 5 times at most, unless something was
said. Without --model a stand-in answers by a few rules, offline.

Lines of a pipe are answered one by one; answers go to standard output, all else to standard error.

examples:
  s3sessions chat
  s3sessions chat --resume --model my_agent:agent
  echo "hello" | s3sessions chat --session order-42 --url s3://bucket/prod
"""

DEMO_EPILOG: Final = """\
Runs in a temporary folder, or with --url in a bucket of yours, under a fresh name beginning with
demo-. What it claims it checks: exit code 1 if a claim does not hold.

examples:
  s3sessions demo
  s3sessions demo --url s3://bucket --keep
"""
