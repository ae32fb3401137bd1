"""Whose sessions an invocation sees: those of the tenant that can be trusted, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.awslambda import Delivery, LambdaTurn, SessionFunction, TenantRefused
from s3sessions.stores.memory import MemoryStore
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.functions import Function, Model, keys, talking


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def claims(event: Any, context: Any) -> Any:
    """What an authorizer has found out."""
    return event["claims"]["tenant"]


def test_the_tenant_of_the_context_has_a_prefix_of_its_own(store: MemoryStore) -> None:
    tenants = []

    def look(turn: LambdaTurn) -> dict[str, Any]:
        tenants.append((turn.tenant, turn.sessions.prefix))
        return {"content": "seen"}

    for tenant in ("a", "b"):
        Function(store, look)(context=LambdaContext(tenant_id=tenant))
    assert tenants == [("a", "a/"), ("b", "b/")]
    assert {key.split("/")[0] for key in keys(store)} == {"a", "b"}


def test_one_tenant_does_not_hear_what_another_said_in_a_session_of_the_same_id(
    store: MemoryStore,
) -> None:
    model = Model()
    function = Function(store, talking(model))
    function("a secret", name="r1", context=LambdaContext(tenant_id="a"))
    answer = function("hi", name="r1", context=LambdaContext(tenant_id="b"))
    assert model.heard[-1] == ["hi"]
    assert not answer.is_redelivery


def test_without_tenants_sessions_are_at_the_root(store: MemoryStore) -> None:
    Function(store, talking(Model()))()
    assert all(key.startswith("session_s/") for key in keys(store))


def test_a_delivery_is_asked_once_of_whom_it_is(store: MemoryStore) -> None:
    asked = []

    def telling(event: Any, context: Any) -> str:
        asked.append(event)
        return "a"

    Function(store, talking(Model()), tenant_from=telling)(event={"claims": {}})
    assert asked == [{"claims": {}}]


def test_what_tells_the_tenant_may_be_in_the_event(store: MemoryStore) -> None:
    function = Function(store, talking(Model()), tenant_from=claims)
    function(event={"claims": {"tenant": "a"}}, context=LambdaContext(tenant_id="ignored"))
    assert {key.split("/")[0] for key in keys(store)} == {"a"}


@pytest.mark.parametrize("tenant", ["", None, 7, ["a"]])
def test_an_event_of_no_tenant_is_refused_where_each_is_to_be_of_one(
    store: MemoryStore, tenant: Any
) -> None:
    model = Model()
    function = Function(store, talking(model), tenant_from=claims)
    with pytest.raises(TenantRefused, match="of no tenant"):
        function(event={"claims": {"tenant": tenant}})
    assert (model.heard, function.sessions.requests.total) == ([], 0)


@pytest.mark.parametrize("event", [{}, {"claims": None}, {"claims": []}, None])
def test_an_event_in_which_nothing_tells_the_tenant_is_refused(
    store: MemoryStore, event: Any
) -> None:
    function = Function(store, talking(Model()), tenant_from=claims)
    with pytest.raises(TenantRefused, match="does not say of which tenant"):
        function(event=event)
    assert function.sessions.requests.total == 0


@pytest.mark.parametrize("trusted", [None, "a"])
def test_an_event_that_names_another_tenant_is_refused_before_any_request(
    store: MemoryStore, trusted: str | None
) -> None:
    model = Model()
    function = Function(store, talking(model))
    with pytest.raises(TenantRefused, match="another tenant"):
        function(context=LambdaContext(tenant_id=trusted), named_tenant="b")
    assert (model.heard, function.sessions.requests.total) == ([], 0)


def test_an_event_may_name_the_tenant_that_it_is_of(store: MemoryStore) -> None:
    Function(store, talking(Model()))(context=LambdaContext(tenant_id="a"), named_tenant="a")
    assert {key.split("/")[0] for key in keys(store)} == {"a"}


@pytest.mark.parametrize("tenant", ["../b", "b/session_s", "%62", "B"])
def test_no_name_of_a_tenant_leads_to_another(store: MemoryStore, tenant: str) -> None:
    model = Model()
    Function(store, talking(model))("a secret", context=LambdaContext(tenant_id="b"))
    before = set(keys(store))
    Function(store, talking(model))("hi", context=LambdaContext(tenant_id=tenant))
    assert model.heard[-1] == ["hi"]
    (prefix,) = {key.split("/")[0] for key in set(keys(store)) - before}
    assert prefix != "b"


@pytest.mark.parametrize("tenant", ["..", "session_s", "x" * 300, "\ud800"])
def test_a_name_that_can_be_no_tenants_is_refused_before_any_request(
    store: MemoryStore, tenant: str
) -> None:
    function = Function(store, talking(Model()))
    with pytest.raises(TenantRefused, match="such a name"):
        function(context=LambdaContext(tenant_id=tenant))
    assert function.sessions.requests.total == 0


class ByTenant:
    """Sessions that are there by tenant alone, as with a role for each."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked: list[str] = []

    def under(self, name: str) -> Sessions:
        self.asked.append(name)
        return Sessions(store=self._store).under(name)


def test_sessions_may_be_given_by_tenant(store: MemoryStore) -> None:
    by_tenant = ByTenant(store)
    function = SessionFunction(sessions=lambda: by_tenant, metrics=None)
    delivery = Delivery("s", "default", "r1", {"message": "hi"})
    function.take(delivery, LambdaContext(tenant_id="a"), talking(Model()))
    assert by_tenant.asked == ["a"]
    with pytest.raises(TenantRefused, match="kept by tenant"):
        function.take(delivery, LambdaContext(), talking(Model()))
    assert by_tenant.asked == ["a"]


def test_a_handler_finds_the_sessions_of_the_trusted_tenant(store: MemoryStore) -> None:
    function = Function(store, talking(Model()))
    function(context=LambdaContext(tenant_id="a"))
    with function.function.invocation(LambdaContext(tenant_id="a")) as invocation:
        with invocation.in_time():
            assert [found.id for found in invocation.sessions({}, "a").list()] == ["s"]
        with pytest.raises(TenantRefused):
            invocation.sessions({}, "b")
