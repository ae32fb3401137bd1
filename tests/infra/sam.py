"""The SAM translator: what CloudFormation is given in the end of a template that says SAM."""

from __future__ import annotations

import copy
from typing import Any
from unittest.mock import patch

from tests.infra.stacks import REGION

__all__ = ["translate"]

_FUNCTION = "AWS::Serverless::Function"


def translate(template: dict[str, Any]) -> dict[str, Any]:
    """Expand a template, artefacts as if they had been uploaded. Asks nothing of AWS."""
    # Slow to load, and for this alone.
    from samtranslator.translator.transform import transform

    uploaded = copy.deepcopy(template)
    for resource in uploaded["Resources"].values():
        if resource["Type"] == _FUNCTION:
            resource["Properties"]["CodeUri"] = "s3://artefacts/function.zip"
    with patch.dict("os.environ", AWS_DEFAULT_REGION=REGION):
        # Of policies that AWS manages, which it would look up, there are none.
        translated: dict[str, Any] = transform(uploaded, {}, None)
    return translated
