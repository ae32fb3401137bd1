"""The command that shows what the package does: demo."""

from __future__ import annotations

from argparse import Namespace

from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import names_of, options_of

__all__ = ["run_demo"]


def run_demo(arguments: Namespace, output: Output) -> Exit:
    """Run the demo; a claim that does not hold is an error."""
    # The demo draws with this package's parts, so it cannot be imported while this one is.
    from s3sessions.demo.scenario import run_scenario

    if names_of(arguments):
        raise CommandError("the demo chooses a name of its own: leave --under away", Exit.USAGE)
    if arguments.url and arguments.url.startswith("memory:"):
        raise CommandError("the demo runs several processes, which share no memory", Exit.USAGE)
    options = options_of(arguments)
    holds = run_scenario(output, url=arguments.url, options=options, keep=arguments.keep)
    return Exit.DONE if holds else Exit.ERROR
