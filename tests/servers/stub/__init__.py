"""An S3 in memory, far faster than any client of it, that answers as late as it is told to.

For benchmarks and for tests that count requests: nothing is written to disk, no signature is
checked, there are no versions and no uploads in parts. `tests.servers.s3_stub.Stub` starts it as a
process of its own.
"""
