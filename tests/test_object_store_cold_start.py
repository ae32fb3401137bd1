"""What a first append through obstore loads: no SDK, and nothing else that is slow."""

from __future__ import annotations

from tests.importing import FIRST_APPEND, NOT_FOR_AN_APPEND, loaded_by, ours
from tests.servers.s3_stub import Stub


def test_a_first_append_through_obstore_loads_no_sdk_and_nothing_else_that_is_slow(
    stub: Stub,
) -> None:
    url = f"'s3://{stub.make_bucket()}', endpoint_url={stub.endpoint_url!r}"
    loaded = loaded_by(FIRST_APPEND.format(f"{url}, transport='object_store'"))
    assert "obstore" in loaded
    assert loaded & NOT_FOR_AN_APPEND == set()
    assert len(ours(loaded)) <= 90


FIRST_TURNS = """
import os
os.environ["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:1"
from s3sessions.awslambda import SessionFunction
function = SessionFunction({})

@function.http
def handler(turn):
    turn.append({{"role": "user", "content": turn.body["message"]}})
    return {{"role": "assistant", "content": str(len(turn.messages))}}

class Context:
    aws_request_id, function_name, tenant_id = "0", "agent", None

    def get_remaining_time_in_millis(self):
        return 30_000

event = {{
    "version": "2.0", "rawPath": "/sessions/s", "headers": {{}}, "body": '{{"message": "hello"}}',
    "isBase64Encoded": False,
    "requestContext": {{
        "domainName": "abc.lambda-url.eu-central-1.on.aws",
        "http": {{"method": "POST", "path": "/sessions/s"}},
    }},
}}
for turn in range(5):
    Context.aws_request_id = str(turn)
    answer = handler(event, Context())
    assert answer["statusCode"] == 200 and f'"content":"{{2 * turn + 1}}"' in answer["body"], answer
"""


def test_turns_of_a_session_function_through_obstore_load_no_sdk(stub: Stub) -> None:
    """From an empty session to one whose restore reads many messages at a time."""
    url = f"'s3://{stub.make_bucket()}', endpoint_url={stub.endpoint_url!r}"
    loaded = loaded_by(FIRST_TURNS.format(f"{url}, transport='object_store'"))
    assert "obstore" in loaded
    # What AWS's own runtime client has loaded by then costs nothing.
    assert loaded & NOT_FOR_AN_APPEND - {"logging"} == set()
    assert len(ours(loaded)) <= 120
