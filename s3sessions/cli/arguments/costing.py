"""Options of the command that reckons: cost."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import Any, Final

from s3sessions.cli.arguments.options import add_command, add_json, positive
from s3sessions.cli.lessons.costing import COST_EPILOG
from s3sessions.costs import EXPRESS, STANDARD, DynamoPrices, S3Prices

__all__ = ["STORAGE_CLASSES", "add_cost", "decimal", "price"]

STORAGE_CLASSES: Final[Mapping[str, S3Prices]] = {"standard": STANDARD, "express": EXPRESS}

_DYNAMODB: Final = DynamoPrices()

# What each price is the price of, by the name of its field.
_S3_PRICES: Final = {
    "put": "1,000 PUT or LIST requests",
    "get": "1,000 GET requests",
    "storage": "a GB kept for a month",
    "upload": "a GB written",
    "retrieval": "a GB read",
}
_DYNAMODB_PRICES: Final = {
    "write": "a million write units",
    "read": "a million read units",
    "storage": "a GB kept for a month",
}


def add_cost(commands: Any) -> None:
    """Add cost."""
    parser = add_command(commands, "cost", "reckon what it costs, beside DynamoDB", COST_EPILOG)
    parser.add_argument(
        "--message-bytes", type=positive, default=1024, metavar="N", help="of each message (1024)"
    )
    parser.add_argument(
        "--storage-class",
        choices=tuple(STORAGE_CLASSES),
        default="standard",
        help="whose prices: S3 Standard (the default) or S3 Express One Zone",
    )
    add_json(parser)
    prices = parser.add_argument_group("prices in dollars, instead of those of the list")
    for name, of in _S3_PRICES.items():
        listed = " or ".join(decimal(getattr(each, name)) for each in STORAGE_CLASSES.values())
        _add_price(prices, f"--s3-{name}", f"{of} ({listed})", None)
    for name, of in _DYNAMODB_PRICES.items():
        amount = getattr(_DYNAMODB, name)
        _add_price(prices, f"--dynamodb-{name}", f"{of} ({decimal(amount)})", amount)


def price(text: str) -> float:
    """Read a number of dollars, 0 or more; for argparse."""
    amount = float(text)
    if not (math.isfinite(amount) and amount >= 0):
        raise argparse.ArgumentTypeError(f"{text} is no price: give a number of dollars")
    return amount


def decimal(amount: float) -> str:
    """Write a price without an exponent."""
    return f"{amount:.6f}".rstrip("0").rstrip(".")


def _add_price(group: Any, option: str, of: str, default: float | None) -> None:
    group.add_argument(option, type=price, default=default, metavar="DOLLARS", help=of)
