"""The command line: `build`, or nothing, builds artefacts; `lock` resolves their lock anew."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.packaging.artefact import NAMES, ROOT, WHEELS, build, file_name
from infra.packaging.errors import PackagingFailed
from infra.packaging.locking import make_lock
from infra.packaging.sizes import UNZIPPED_LIMIT, measure, table
from infra.packaging.target import ARCHITECTURES, PYTHONS

BOTO3 = {"with": (True,), "without": (False,), "both": (True, False)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if argv is None else argv
    arguments = _parser().parse_args(given or ["build"])
    try:
        return _lock() if arguments.command == "lock" else _build(arguments)
    except PackagingFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="make artefacts and print their sizes")
    building.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; or all")
    building.add_argument("--arch", choices=ARCHITECTURES, action="append", help="or all")
    building.add_argument("--python", choices=PYTHONS, default="3.13", help="of the functions")
    building.add_argument("--boto3", choices=BOTO3, default="both", help="in the artefact, or not")
    building.add_argument(
        "--bytecode",
        action="store_true",
        help="compile the modules, with a Python of that version: cold starts are much shorter",
    )
    building.add_argument("--into", type=Path, default=ROOT / "dist" / "lambda", metavar="FOLDER")
    building.add_argument("--wheels", type=Path, default=WHEELS, metavar="FOLDER", help="are kept")
    commands.add_parser("lock", help="resolve anew and write requirements.lock")
    return parser


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _lock() -> int:
    _say(f"wrote {make_lock(_say).relative_to(ROOT)}")
    return 0


def _build(arguments: argparse.Namespace) -> int:
    names = arguments.names or NAMES
    if unknown := set(names) - set(NAMES):
        raise PackagingFailed(f"no artefact {', '.join(unknown)}: choose from {', '.join(NAMES)}")
    rows = []
    for arch in arguments.arch or ARCHITECTURES:
        for name in names:
            for with_boto3 in BOTO3[arguments.boto3]:
                _say(f"building {file_name(name, arch, with_boto3=with_boto3)}")
                path = build(
                    name,
                    arch=arch,
                    python=arguments.python,
                    with_boto3=with_boto3,
                    with_bytecode=arguments.bytecode,
                    into=arguments.into,
                    wheels=arguments.wheels,
                    say=_say,
                )
                rows.append(measure(path))
    print(*table(rows), sep="\n")
    if too_large := [row.name for row in rows if row.unzipped > UNZIPPED_LIMIT]:
        raise PackagingFailed(f"larger unzipped than Lambda takes: {', '.join(too_large)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
