"""Answers to a ListObjectsV2, and what they are made of."""

from __future__ import annotations

START = '<?xml version="1.0" encoding="UTF-8"?>\n'
OPEN = '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
CLOSE = "</ListBucketResult>"
LAST = "<IsTruncated>false</IsTruncated>"
ENTRY = (
    "<Contents><Key>key</Key><LastModified>2026-11-20T09:00:00.000Z</LastModified>"
    "<ETag>&quot;etag&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
)

# As each server sends it, but for the names.
AWS = (
    f"{START}{OPEN}<Name>bucket</Name><Prefix>p/</Prefix><StartAfter>p/0</StartAfter>"
    "<NextContinuationToken>1c+/Zt=</NextContinuationToken><KeyCount>2</KeyCount>"
    "<MaxKeys>2</MaxKeys><Delimiter>%2F</Delimiter><EncodingType>url</EncodingType>"
    "<IsTruncated>true</IsTruncated><Contents><Key>p/%C3%A9%2B+.json</Key>"
    "<LastModified>2026-11-20T09:00:00.000Z</LastModified><ETag>&quot;etag&quot;</ETag>"
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
    "<Size>1024</Size><Owner><ID>75aa57f0</ID></Owner><StorageClass>STANDARD</StorageClass>"
    "</Contents><CommonPrefixes><Prefix>p/a+b/</Prefix></CommonPrefixes></ListBucketResult>"
)
SEAWEEDFS = (
    f"{START}{OPEN}<Name>bucket</Name><Prefix></Prefix><MaxKeys>1</MaxKeys>"
    "<IsTruncated>true</IsTruncated><Contents><Key>p/a+b</Key><ETag>&#34;etag&#34;</ETag>"
    "<Size>1</Size><StorageClass>STANDARD</StorageClass>"
    "<LastModified>2026-11-20T09:00:00Z</LastModified></Contents>"
    "<NextContinuationToken>p/a b</NextContinuationToken><EncodingType>url</EncodingType>"
    "<KeyCount>1</KeyCount></ListBucketResult>"
)
CEPH = (
    f"{START}{OPEN}<Name>bucket</Name><Prefix/><MaxKeys>1000</MaxKeys>{LAST}"
    "<Contents><Key>p/a%20b</Key><LastModified>2026-11-20T09:00:00.123Z</LastModified>"
    "<ETag>&quot;etag&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass>"
    "<Owner><ID>tests</ID><DisplayName>Tests</DisplayName></Owner><Type>Normal</Type></Contents>"
    "<EncodingType>url</EncodingType></ListBucketResult>\n"
)
MOTO = (
    f'<?xml version="1.0" encoding="utf-8"?>\n{OPEN}{LAST}<Contents><Key>p/a%20b</Key>'
    '<LastModified>2026-11-20T09:00:00.000Z</LastModified><ETag>"etag"</ETag>'
    "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Size>1</Size>"
    "<StorageClass>STANDARD</StorageClass></Contents><Name>bucket</Name><Prefix>p/</Prefix>"
    "<CommonPrefixes><Prefix>p/q/</Prefix></CommonPrefixes><EncodingType>url</EncodingType>"
    "<KeyCount>2</KeyCount></ListBucketResult>"
)
