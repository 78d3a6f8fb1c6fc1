"""Nothing of what people did of a private kind comes out; ``make bench ONLY=firewall`` has 10,000 cases."""

from __future__ import annotations

import pytest

from tests.canaries import firewall_for_tests, look_for_canaries, private_item


def test_no_canary_comes_out_of_answers_pages_prompts_logs_metrics_or_traces(empty):
    found = look_for_canaries(empty, 200)
    assert found.cases == 200
    assert found.private == 20 * 8
    assert found.prompts > 0, "the engine was asked"
    assert found.stated["explanation"] == found.stated["waterfall.svg"] == 20, "that there is something is said"
    assert found.stated["embed"] == 20
    assert found.refused == 20 * 3 + 18, "support asked for what it is refused without a case"
    assert found.replayed == {"different": 20}, "another recommender, as after a fit"
    assert found.logged > 0
    assert found.leaks == []


@pytest.mark.parametrize("way", range(6))
def test_every_seeded_item_is_recognised(way):
    (categories,) = firewall_for_tests().judge([private_item(way)])
    assert categories
