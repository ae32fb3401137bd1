"""What `--help` teaches of the command that prints permissions."""

from __future__ import annotations

from typing import Final

__all__ = ["POLICY_EPILOG"]

POLICY_EPILOG: Final = """\
Prints the least that a role needs, as IAM's JSON, and asks nothing of any store. The tests of this
package record every request that it makes, by action and key, and hold these documents to it.

  writer    append, restore, take turns, change, summarise, describe, fork
  reader    list, browse, restore, iterate; export to files; prune --dry-run; doctor
  exporter  what a reader does, and export --to strands to --destination
  eraser    rm, prune, compact, with --purge old versions too; check

Who is to do several things gets several policies; doctor --repair needs writer and eraser, and so
does the setting pack_at. A writer deletes the lease of its turn, and takes back documents that it
has just written into a session that is being deleted; messages never. put_args with Tagging need
s3:PutObjectTagging besides.

Keys are narrowed to --prefix, and so are lists, by s3:prefix; only for the list of unfinished
uploads S3 has no such condition. S3 asks for s3:ListBucket where an object is missing, too, or it
would answer 403 and not 404. --kms-key is for buckets that encrypt with a key of yours: used
through S3 alone, for these objects, or for the bucket where that has a bucket key.

--tenants: sessions.under(TENANT) is all that a principal with the tag tenant=TENANT reaches. A
function that serves many tenants takes on a role for each: --role gives that role's policy, --trust
says who may take it on, and --assume is for who does; TenantRoles in s3sessions.awslambda does it.

examples:
  s3sessions policy --role writer --bucket my-bucket --prefix prod > writer.json
  aws iam create-policy --policy-name sessions-writer --policy-document file://writer.json
  s3sessions policy --role eraser --url s3://my-bucket/prod --kms-key arn:aws:kms:…:key/…
  s3sessions policy --role exporter --url s3://my-bucket/prod --destination s3://lake/sessions
  s3sessions policy --role writer --bucket my-bucket --tenants
  s3sessions policy --trust arn:aws:iam::111122223333:role/my-function
  s3sessions policy --assume arn:aws:iam::111122223333:role/tenant-writer
"""
