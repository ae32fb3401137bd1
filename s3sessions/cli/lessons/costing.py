"""What `--help` teaches of the command that reckons."""

from __future__ import annotations

from typing import Final

__all__ = ["COST_EPILOG", "PRICE_LISTS"]

PRICE_LISTS: Final = (
    "prices that were not given are AWS's for us-east-1 as published in 2025, without free tiers "
    "and discounts (aws.amazon.com/s3/pricing, aws.amazon.com/dynamodb/pricing)"
)

COST_EPILOG: Final = """\
Reckons, and asks nothing of any store: the requests that sessions make, which the tests count,
times what they cost. Prices are those of AWS's lists for us-east-1 as published in 2025 (Express
since April 2025, DynamoDB since November 2024), without free tiers, discounts and traffic out of
the region. See aws.amazon.com/s3/pricing and aws.amazon.com/dynamodb/pricing, and give your own
where they differ. A LIST of up to 1,000 keys costs what a PUT does; deletions are free.

A message is --message-bytes long as it is stored. In DynamoDB it is one item, key and attribute
names within these bytes, on demand: a write unit for each KB, a read unit for each 4 KB of a query,
half of it where a read may miss the newest writes (eventual). A query reads 1 MB at a time, one
page after the other; no item holds more than 400 KB. The last column compares consistent reads with
S3, packed where that is less.

Packing (compact --pack) rewrites old messages in segments of 100; the block with the newest message
stays loose, up to 100 of them, as here. Packing reads and writes each message once; the row stands
for histories of 10,000, packed at one go. An append costs the same in both.

examples:
  s3sessions cost
  s3sessions cost --message-bytes 4000
  s3sessions cost --storage-class express
  s3sessions cost --s3-put 0.0054 --s3-get 0.00043 --dynamodb-write 0.705 --dynamodb-read 0.141
  s3sessions cost --json | jq '.rows[] | select(.dynamodb_is_cheaper)'
"""
