"""Run the command line as `python -m s3sessions`."""

from __future__ import annotations

import sys

from s3sessions.cli import main

if __name__ == "__main__":
    sys.exit(main())
