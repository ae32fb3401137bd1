"""The same agent with Strands' own session manager, which needs a client for each session."""

from __future__ import annotations

import json
import os
from typing import Any

import boto3
from strands import Agent
from strands.session.s3_session_manager import S3SessionManager

from stand_in import StandInModel

SESSION = boto3.Session()
MODEL = StandInModel()
PLACE = {"bucket": os.environ["BUCKET"], "endpoint_url": os.environ["ENDPOINT_URL"]}


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Make the agent of one turn, and let it answer."""
    session_id = event["rawPath"].rpartition("/")[2]
    manager = S3SessionManager(session_id, boto_session=SESSION, **PLACE)
    agent = Agent(model=MODEL, session_manager=manager, callback_handler=None)
    result = agent(json.loads(event["body"])["message"])
    return {"statusCode": 200, "body": str(result)}
