"""A leaderboard: who is first, who ties, and what cannot stand on one."""

from typing import Any

import numpy as np

from quantamm_cli.competition.ranking import conflict, ranking
from quantamm_cli.reporting.leaderboard import leaderboard_page, ranking_table

COMMON = 50 * np.random.Generator(np.random.PCG64(0)).standard_normal(200)


def receipt(offsets: dict[str, float], valid: bool = True, steps: int = 100) -> Any:
    """Edges that share what markets do to all of them."""
    noise = np.random.Generator(np.random.PCG64(len(offsets)))
    edges = {
        name: (COMMON + offset + noise.standard_normal(200)).tolist()
        for name, offset in offsets.items()
    }
    standings = [{"name": name, "valid": valid, "arb_edge": -1.0} for name in edges]
    settings = {"steps": steps, "market": {"kind": "lognormal", "sigma": [0.0, 0.1]}}
    every = edges | {"normaliser": COMMON.tolist()}
    named = {
        "fingerprint": "f",
        "configuration": "c" * 64,
        "versions": {"qsim": "1", "device": "cpu"},
    }
    return named | {
        "settings": settings,
        "seeds": {"first": 0, "count": 200},
        "standings": standings,
        "edges": every,
    }


def test_ties_share_a_rank() -> None:
    """Those whose difference to the first of their rank holds zero;
    the next begins at its own place.
    """
    found = ranking(
        {"one": receipt({"a": 10.0, "b": 10.01}), "two": receipt({"c": 0.0, "d": -0.02, "e": -5.0})}
    )
    assert [each.rank for each in found] == [1, 1, 3, 3, 5]
    assert {each.name for each in found[:2]} == {"a", "b"}
    assert found[0].behind is None
    assert found[1].behind is not None
    assert found[1].behind.low <= 0 <= found[1].behind.high
    assert [each.behind.low > 0 for each in found[2:] if each.behind is not None] == [True] * 3
    assert found[-1].rivals == ("c", "d")


def test_who_broke_a_rule_comes_last() -> None:
    """Whatever it earned, and tied with nobody."""
    found = ranking({"one": receipt({"a": 0.0}), "two": receipt({"b": 90.0}, valid=False)})
    assert [(each.name, each.rank, each.valid) for each in found] == [
        ("a", 1, True),
        ("b", 2, False),
    ]


def test_one_competition_in_two_places_is_listed_once() -> None:
    """A copied receipt is no second strategy."""
    assert len(ranking({"one": receipt({"a": 0.0}), "copy": receipt({"a": 0.0})})) == 1


def test_receipts_that_differ_are_told_apart() -> None:
    """What one has and another has not, by its dotted place; nothing of receipts that agree."""
    assert conflict({"one": receipt({"a": 0.0}), "two": receipt({"b": 0.0})}) == ""
    assert (
        conflict({"one": receipt({"a": 0.0}), "two": receipt({"b": 0.0}, steps=200)})
        == "settings.steps is 100 in one and 200 in two"
    )
    fewer = receipt({"b": 0.0}) | {"seeds": {"first": 0, "count": 100}}
    assert (
        conflict({"one": receipt({"a": 0.0}), "two": fewer})
        == "seeds.count is 200 in one and 100 in two"
    )


def test_the_page_holds_all_it_shows() -> None:
    """Names are text, whatever they contain; nothing is fetched."""
    one = receipt({"<b>x</b>": 0.0})
    ranked = ranking({"one": one})
    page = leaderboard_page(ranking_table("edge in Y a seed", ranked), ranked, {"one": one})
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x" not in page
    assert "−1.00" in page
    assert "http" not in page.replace("http-equiv", "")
