"""Which server is asked next: always one with the smallest share of its limit under way, never one above it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.errors import SettingsError
from explainer.writing.engines.addresses import Address, addresses
from explainer.writing.engines.least_loaded import least_loaded


@dataclass(eq=False)
class Server:
    limit: int
    in_flight: int = 0
    requests: int = 0


SERVERS = st.lists(st.builds(Server, st.integers(1, 64), st.integers(0, 64), st.integers(0, 1000)), max_size=8)


@given(SERVERS)
def test_the_chosen_has_room_and_nobody_with_room_has_a_smaller_share(servers):
    chosen = least_loaded(servers)
    free = [one for one in servers if one.in_flight < one.limit]
    assert (chosen is None) == (not free)
    if chosen is not None:
        assert any(chosen is one for one in free)
        assert all(chosen.in_flight * one.limit <= one.in_flight * chosen.limit for one in free)


@given(st.lists(st.integers(1, 16), min_size=1, max_size=6), st.lists(st.booleans() | st.integers(0, 99), max_size=300))
def test_no_limit_is_exceeded_and_shares_stay_together_whatever_comes_and_goes(limits, events):
    servers, under_way = [Server(limit) for limit in limits], []
    for event in events:
        if event is True:
            chosen = least_loaded(servers)
            if chosen is None:
                assert len(under_way) == sum(limits)
                continue
            chosen.in_flight, chosen.requests = chosen.in_flight + 1, chosen.requests + 1
            under_way.append(chosen)
        elif under_way:
            under_way.pop(int(event) % len(under_way)).in_flight -= 1
        assert all(0 <= one.in_flight <= one.limit for one in servers)


@given(st.lists(st.integers(1, 16), min_size=1, max_size=6), st.integers(0, 96))
def test_requests_that_stay_are_shared_out_by_limits_to_within_one(limits, count):
    servers = [Server(limit) for limit in limits]
    for _ in range(min(count, sum(limits))):
        least_loaded(servers).in_flight += 1
    for one in servers:
        for other in servers:
            assert (one.in_flight - 1) / one.limit <= other.in_flight / other.limit


@given(st.integers(2, 6), st.integers(1, 8))
def test_idle_servers_take_turns(count, limit):
    servers = [Server(limit) for _ in range(count)]
    for _ in range(3 * count):
        least_loaded(servers).requests += 1  # each is done before the next comes
    assert {one.requests for one in servers} == {3}


def test_a_setting_names_servers_and_their_limits():
    assert addresses("http://a/v1") == (Address("http://a/v1"),)
    assert addresses(" http://a:8000/v1 ; limit=32 ,http://b,") == (
        Address("http://a:8000/v1", 32),
        Address("http://b"),
    )


@pytest.mark.parametrize(
    "bad", ["", " , ", "http://a;limit=0", "http://a;limit=-1", "http://a;limit=x", "http://a;x=1"]
)
def test_a_setting_that_cannot_be_read_says_how_to_write_it(bad):
    with pytest.raises(SettingsError, match=r"EXPLAINER_OPENAI_URL.*;limit=") as raised:
        addresses(bad)
    assert "limit=x" not in str(raised.value)


@given(st.text())
def test_any_text_is_servers_or_a_settings_error(text):
    try:
        found = addresses(text)
    except SettingsError:
        return
    assert found
