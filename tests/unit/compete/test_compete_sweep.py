"""The points that --sweep asks for."""

import pytest

import quantamm_cli.competition.market
import quantamm_cli.competition.strategies  # noqa: F401
from quantamm_cli.competition.market.kinds.lognormal import Lognormal
from quantamm_cli.competition.strategies.asymmetric import Asymmetric
from quantamm_cli.competition.strategies.fixed_fee import FixedFee
from quantamm_cli.competition.sweep import parse_axes, points
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete, Entry

LINE_UP = (Entry(name="plain", strategy=FixedFee()), Entry(name="two", strategy=Asymmetric()))
SETTINGS = Compete(strategies=LINE_UP, market=Lognormal())


def test_an_axis_has_both_ends() -> None:
    """FIRST:LAST:STEP, the last included where a step leads there, decimals as they are written."""
    (axis,) = parse_axes("fee_bps=10:120:5", SETTINGS)
    assert (axis.place, axis.name, axis.values[0], axis.values[-1], len(axis.values)) == (
        0,
        "plain",
        10.0,
        120.0,
        23,
    )
    assert parse_axes("fee_bps=0.1:0.5:0.1", SETTINGS)[0].values == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert parse_axes("fee_bps=1:2.5:1", SETTINGS)[0].values == (1.0, 2.0)
    assert parse_axes("plain.fee_bps=7:7:1", SETTINGS)[0].values == (7.0,)


def test_two_axes_are_every_combination() -> None:
    """The last moves fastest."""
    found = points(parse_axes("bid_bps=1:2:1,ask_bps=3:5:1", SETTINGS))
    assert list(found) == [1]
    assert found[1]["bid_bps"].tolist() == [1, 1, 1, 2, 2, 2]
    assert found[1]["ask_bps"].tolist() == [3, 4, 5, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fee_bps", "cannot be read"),
        ("fee_bps=10:20", "cannot be read"),
        ("fee_bps=a:b:c", "not three numbers"),
        ("fee_bps=20:10:5", "has no values"),
        ("fee_bps=10:20:0", "has no values"),
        ("fee_bps=10:inf:1", "has no values"),
        ("fee_bps=0:1:1e-9", "more than 10,000 points"),
        ("fee_bps=-5:5:1", "is below 0"),
        ("fe_bps=1:2:1", "did you mean 'fee_bps'"),
        ("plan.fee_bps=1:2:1", "did you mean 'plain'"),
        ("two.fee_bps=1:2:1", "no float setting of two"),
        ("bid_bps=1:2:1,bid_bps=1:2:1", "twice"),
        ("fee_bps=1:2:1,bid_bps=1:2:1", "one strategy at a time"),
    ],
)
def test_what_is_no_sweep_is_one_line(text: str, said: str) -> None:
    """Where, what came, what was expected."""
    with pytest.raises(ConfigError, match=said) as told:
        parse_axes(text, SETTINGS)
    assert told.value.where.startswith("axes")


def test_a_setting_of_two_strategies_needs_a_name() -> None:
    """The message writes the word that would do."""
    both = Compete(
        strategies=(LINE_UP[0], Entry(name="other", strategy=FixedFee())), market=Lognormal()
    )
    with pytest.raises(ConfigError, match=r"write plain\.fee_bps="):
        parse_axes("fee_bps=1:2:1", both)
