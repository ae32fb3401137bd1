"""The command that talks: chat."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s3sessions import AmbiguousAgent, SessionDetails, SessionNotFound, Sessions
from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions, place_arguments, place_in_words

if TYPE_CHECKING:
    from s3sessions.chat.model import Model

__all__ = ["run_chat"]


def run_chat(arguments: Namespace, output: Output) -> Exit:
    """Talk with a model; everything that is said is stored, in a session of this folder."""
    # The chat draws with this package's parts, so it cannot be imported while this one is.
    from s3sessions.chat.conversation import Conversation
    from s3sessions.chat.folder import name_of_folder
    from s3sessions.chat.screen import Screen
    from s3sessions.chat.talk import Talk

    folder = Path.cwd()
    name = name_of_folder(folder)
    screen = Screen(output)
    model = _model(arguments, folder, screen.is_terminal)
    try:
        with open_sessions(arguments) as outer:
            sessions = outer.under(name)
            session_id = _session(sessions, arguments)
            agent_id = arguments.agent or _agent(sessions, session_id, arguments)
            details = SessionDetails(
                source="chat", model=model.name, metadata={"folder": str(folder)}
            )
            talk = Talk(
                Conversation(sessions, details),
                model,
                screen,
                place=f"{place_in_words(arguments)}, under {name}",
                how_to_resume=lambda session, agent: _command_line(arguments, session, agent),
            )
            return talk.run(session_id, agent_id)
    finally:
        model.close()


def _model(arguments: Namespace, folder: Path, is_terminal: bool) -> Model:
    from s3sessions.chat.function_model import FunctionModel
    from s3sessions.chat.loading import load_model
    from s3sessions.chat.stand_in import StandIn, pause_on_terminal

    if arguments.model is not None:
        return load_model(arguments.model, folder)
    stand_in = StandIn(pause_on_terminal) if is_terminal else StandIn()
    note = (
        "no model is given, so a stand-in answers by a few rules: --model module:name takes a "
        "function or a Strands agent"
    )
    return FunctionModel("stand-in", stand_in, note=note)


def _session(sessions: Sessions, arguments: Namespace) -> str:
    """Find the session to go on in, past compressions, or choose an id for a new one."""
    if arguments.resume:
        latest = sessions.latest()
        if latest is None:
            raise CommandError(
                "nobody has spoken in this folder yet: leave --resume away", Exit.NOT_FOUND
            )
        return sessions.tip(latest.id)
    if arguments.session is None:
        return sessions.new_id()
    try:
        found = sessions.resolve(arguments.session)
    except SessionNotFound:
        named: str = arguments.session
        return named
    return sessions.tip(found)


def _agent(sessions: Sessions, session_id: str, arguments: Namespace) -> str:
    """Choose the agent where none is named: `default`, or the only one that there is."""
    if arguments.session is None and not arguments.resume:
        return "default"
    agents: Sequence[str] = sessions.agents(session_id)
    if len(agents) > 1 and "default" not in agents:
        raise AmbiguousAgent(
            f"session {session_id!r} has the agents {', '.join(agents)}: name one with --agent",
            ids=agents,
        )
    return agents[0] if len(agents) == 1 else "default"


def _command_line(arguments: Namespace, session_id: str, agent_id: str) -> str:
    words = ["s3sessions", "chat", "--session", session_id]
    words += ["--agent", agent_id] if agent_id != "default" else []
    words += ["--model", arguments.model] if arguments.model else []
    return shlex.join([*words, *place_arguments(arguments)])
