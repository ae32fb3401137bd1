"""The SDK's models in clients of ours: what was left out of them makes no request another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider, RuleSet
from botocore.loaders import create_loader

from s3sessions.stores.s3 import S3Store
from s3sessions.stores.s3_boto3 import make_client
from s3sessions.stores.s3_client import ClientOptions
from s3sessions.stores.s3_models import shared_models, store_models
from tests.stores.scripted_s3 import ScriptedS3, found

RULES = ("s3", "endpoint-rule-set-1")


@pytest.mark.parametrize("models", [shared_models, store_models])
def test_no_parameter_is_left_out_of_which_an_endpoint_is_made(
    models: Callable[[str | None], Any],
) -> None:
    whole = create_loader(None).load_service_model(*RULES)["parameters"]
    lean = models(None).load_service_model(*RULES)["parameters"]
    assert whole.keys() - lean.keys() == {"Key", "Prefix", "CopySource"}


@pytest.mark.parametrize(
    "bucket",
    [
        "bucket",
        "a.bucket.with.dots",
        "bucket--use1-az4--x-s3",
        "arn:aws:s3:eu-central-1:123456789012:accesspoint/point",
        "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-1/accesspoint/point",
    ],
)
def test_an_endpoint_is_the_same_whatever_the_key(bucket: str) -> None:
    partitions = botocore.session.Session().get_component("data_loader").load_data("partitions")
    known = {"Bucket": bucket, "Region": "us-east-1"}
    whole = EndpointProvider(create_loader(None).load_service_model(*RULES), partitions)
    lean = EndpointProvider(shared_models(None).load_service_model(*RULES), partitions)
    one, other = (whole.resolve_endpoint(**known, Key=key) for key in ("a/b", "c%d"))
    assert one == other == lean.resolve_endpoint(**known)


def test_the_endpoint_is_worked_out_once_for_all_keys(
    scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out: list[object] = []
    original = RuleSet.evaluate

    def counted(self: RuleSet, *args: Any) -> Any:
        worked_out.append(args)
        return original(self, *args)

    monkeypatch.setattr(RuleSet, "evaluate", counted)
    scripted.answer(*[found(b"data")] * 5)
    store = S3Store("bucket", endpoint_url=scripted.endpoint_url)
    for number in range(5):
        store.get(str(number))
    store.close()
    assert len(worked_out) == 1


def test_a_client_that_is_handed_out_gives_whole_answers(scripted: ScriptedS3) -> None:
    scripted.answer(found(b"data"))
    client = make_client(ClientOptions(scripted.endpoint_url, None, None, 1, 1, 1))
    answer = client.get_object(Bucket="bucket", Key="key")
    answer["Body"].close()
    client.close()
    assert answer["ContentLength"] == 4


@pytest.mark.parametrize("models", [shared_models, store_models])
@pytest.mark.parametrize("model", [None, [], {"rules": [], "parameters": None, "shapes": {}}])
def test_models_in_another_form_stay_as_they_are(
    models: Callable[[str | None], Any], model: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another path, or what was read before would come.
    monkeypatch.setattr("botocore.loaders.Loader.load_service_model", lambda *_: model)
    before = repr(model)
    models(f"/no/such/path/{before}")
    assert repr(model) == before
