"""The contract of lists: which keys are shown, over how many pages, and each of them once."""

from __future__ import annotations

from s3sessions.ports import PAGE_LIMIT, AsyncStore, Target
from s3sessions.testing.case import StoreCase, all_pages, in_its_colour

__all__ = ["ListingContract"]

NAMES = (
    "session_a/agents/agent_x/messages/message_0.json",
    "session_a/agents/agent_x/messages/message_1.json",
    "session_a/agents/agent_x-1/messages/message_0.json",
    "session_a/session.json",
    "session_a!/session.json",
    "session_a-b/session.json",
    "session_ab/agents/agent_x/messages/message_0.json",
    "session_ab/session.json",
    "session_é/session.json",
    "other.txt",
)


class ListingContract(StoreCase):
    """Tests of list."""

    async def shown(
        self, store: AsyncStore, prefix: str, *, delimiter: str | None = None, limit: int = 1000
    ) -> tuple[list[str], list[str]]:
        """List to the end: names and common prefixes, sorted, without the contract's own prefix."""
        entries, prefixes = await all_pages(
            store, self.key(prefix), delimiter=delimiter, limit=limit
        )
        cut = len(self.prefix)
        return sorted(entry.key[cut:] for entry in entries), sorted(text[cut:] for text in prefixes)

    @in_its_colour
    async def test_an_empty_store_lists_nothing(self, store: AsyncStore) -> None:
        for delimiter in (None, "/"):
            page = await store.list(self.prefix, delimiter=delimiter)
            assert (list(page.entries), list(page.prefixes), page.token) == ([], [], None)

    @in_its_colour
    async def test_a_prefix_is_any_text(self, store: AsyncStore) -> None:
        await self.fill(store, NAMES)
        for prefix in (
            "",
            "s",
            "session_a",
            "session_a/",
            "session_a/agents/agent_x",
            "session_a/agents/agent_x/messages/message_0.json",
            "session_a/agents/agent_x/messages/message_0.json/",
            "session_é",
            "nothing",
            "nothing/here/",
        ):
            expected = sorted(name for name in NAMES if name.startswith(prefix))
            assert await self.shown(store, prefix) == (expected, []), prefix

    @in_its_colour
    async def test_a_session_does_not_show_one_whose_id_is_longer(self, store: AsyncStore) -> None:
        await self.fill(store, NAMES)
        names, _ = await self.shown(store, "session_a/")
        assert names
        assert all(name.startswith("session_a/") for name in names)

    @in_its_colour
    async def test_a_delimiter_rolls_up_what_lies_deeper(self, store: AsyncStore) -> None:
        await self.fill(store, NAMES)
        sessions = sorted({name.split("/")[0] + "/" for name in NAMES if "/" in name})
        assert await self.shown(store, "", delimiter="/") == (["other.txt"], sessions)
        assert await self.shown(store, "session_", delimiter="/") == ([], sessions)
        assert await self.shown(store, "session_a/", delimiter="/") == (
            ["session_a/session.json"],
            ["session_a/agents/"],
        )
        assert await self.shown(store, "session_a/agents/agent_x", delimiter="/") == (
            [],
            ["session_a/agents/agent_x-1/", "session_a/agents/agent_x/"],
        )

    @in_its_colour
    async def test_small_pages_show_each_key_once(self, store: AsyncStore) -> None:
        await self.fill(store, NAMES)
        for delimiter in (None, "/"):
            for prefix in ("", "session_a", "session_a/"):
                whole = await self.shown(store, prefix, delimiter=delimiter)
                for limit in (1, 2, 3):
                    paged = await self.shown(store, prefix, delimiter=delimiter, limit=limit)
                    assert paged == whole, (prefix, delimiter, limit)

    @in_its_colour
    async def test_a_full_last_page_has_no_token(self, store: AsyncStore) -> None:
        await self.fill(store, ["folder/1", "folder/2"])
        page = await store.list(self.key("folder/"), limit=2)
        assert (len(page.entries), page.token) == (2, None)

    @in_its_colour
    async def test_thousands_of_keys_come_in_pages_each_key_once(self, store: AsyncStore) -> None:
        names = [f"m/message_{number}.json" for number in range(2 * PAGE_LIMIT + 500)]
        etags = await self.fill(store, names)
        entries, _ = await all_pages(store, self.key("m/"))
        assert len(entries) == len(names)
        assert {entry.key: entry.etag for entry in entries} == etags

    @in_its_colour
    async def test_a_token_resumes_a_list_whenever_it_is_used(self, store: AsyncStore) -> None:
        await self.fill(store, [f"folder/{number}" for number in range(6)])
        prefix = self.key("folder/")
        first = await store.list(prefix, limit=2)
        assert first.token is not None
        again = [await store.list(prefix, token=first.token, limit=2) for _ in range(2)]
        assert list(again[0].entries) == list(again[1].entries)
        assert not {entry.key for entry in again[0].entries} & {
            entry.key for entry in first.entries
        }

    @in_its_colour
    async def test_the_keys_of_a_folder_come_in_order_where_lists_are_read_in_parts(
        self, store: AsyncStore
    ) -> None:
        if not store.lists_in_parts:
            return
        await self.fill(store, [f"m/message_{number}.json" for number in range(120)])
        for limit in (7, 1000):
            entries, _ = await all_pages(store, self.key("m/"), limit=limit)
            keys = [entry.key for entry in entries]
            assert len(keys) == 120
            assert keys == sorted(keys)

    @in_its_colour
    async def test_a_list_begins_behind_any_key_where_lists_are_read_in_parts(
        self, store: AsyncStore
    ) -> None:
        if not store.lists_in_parts:
            return
        names = [f"a/m/message_{number}.json" for number in range(30)]
        beside = ["a/document.json", "a/zzz", "b"]
        await self.fill(store, [*names, *beside])
        for number in (0, 1, 19, 9, 17_000, 50):
            after = f"a/m/message_{number}.json"
            shown: list[str] = []
            page = await store.list(self.key(""), start_after=self.key(after), limit=4)
            while True:
                shown += [entry.key.removeprefix(self.prefix) for entry in page.entries]
                if page.token is None:
                    break
                # The token says where to go on, whatever else is said.
                token, start = page.token, self.key(after)
                page = await store.list(self.key(""), token=token, start_after=start, limit=4)
            assert sorted(shown) == sorted(name for name in [*names, *beside] if name > after)

    @in_its_colour
    async def test_deleting_the_pages_read_so_far_loses_no_key(self, store: AsyncStore) -> None:
        etags = await self.fill(store, [f"folder/{number}" for number in range(7)])
        seen: list[str] = []
        token: str | None = None
        while True:
            page = await store.list(self.key("folder/"), token=token, limit=2)
            seen += [entry.key for entry in page.entries]
            await store.delete_many([Target(entry.key) for entry in page.entries])
            token = page.token
            if token is None:
                break
        assert sorted(seen) == sorted(etags)

    @in_its_colour
    async def test_a_list_shows_sizes(self, store: AsyncStore) -> None:
        for size in (0, 1, 70_000):
            await store.put(self.key(f"folder/{size}"), b"x" * size)
        entries, _ = await all_pages(store, self.key("folder/"))
        assert {entry.key: entry.size for entry in entries} == {
            self.key(f"folder/{size}"): size for size in (0, 1, 70_000)
        }

    @in_its_colour
    async def test_a_list_shows_what_was_written_just_before(self, store: AsyncStore) -> None:
        for number in range(5):
            key = self.key(f"folder/{number}")
            await store.put(key, b"x")
            assert key in {entry.key for entry in (await store.list(self.key("folder/"))).entries}
