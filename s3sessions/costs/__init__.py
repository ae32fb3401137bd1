"""What sessions cost on S3, beside the same in DynamoDB: requests times prices.

The requests are those that sessions make, which tests count; none is made of a real store. The
prices are those of AWS's lists, unless others are given.
"""

from __future__ import annotations

from s3sessions.costs.comparison import Comparison, Cost, DynamoCost, Operation, Row
from s3sessions.costs.dynamodb import DynamoPrices, Query
from s3sessions.costs.history import History, append
from s3sessions.costs.requests import Requests
from s3sessions.costs.s3 import EXPRESS, STANDARD, S3Prices

__all__ = [
    "EXPRESS",
    "STANDARD",
    "Comparison",
    "Cost",
    "DynamoCost",
    "DynamoPrices",
    "History",
    "Operation",
    "Query",
    "Requests",
    "Row",
    "S3Prices",
    "append",
]
