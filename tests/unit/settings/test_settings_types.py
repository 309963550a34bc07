"""Single settings: dates, tokens, numbers, and what is said when they are wrong."""

from typing import Any

import pytest

from quantamm_cli.config.components import load_components
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.settings.types import date_text, minute

load_components()


def tree(**changes: Any) -> dict[str, Any]:
    """A simulation, as little as decodes."""
    return {
        "data": {"kind": "synthetic"},
        "pool": {"kind": "balancer"},
        "fees": {"kind": "none"},
    } | changes


def training(**changes: Any) -> dict[str, Any]:
    return (
        tree(
            metric={"kind": "returns"},
            practice={"kind": "historic"},
            fit={"kind": "sgd"},
            split={"kind": "holdout"},
        )
        | changes
    )


def simulate(**changes: Any) -> Simulate:
    return decode(Simulate, tree(**changes))


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2022-06-01", "2022-06-01"),
        ("2022-06-01T00:00", "2022-06-01"),
        ("2022-06-01T07:05", "2022-06-01T07:05"),
        ("2022-06-01 07:05", "2022-06-01T07:05"),
        ("2022-06-01T07:05:00", "2022-06-01T07:05"),
        ("2022-06-01T07:05Z", "2022-06-01T07:05"),
        ("2022-06-01T07:05+00:00", "2022-06-01T07:05"),
        ("20220601", "2022-06-01"),
    ],
)
def test_one_minute_has_one_name(told: str, meant: str) -> None:
    """However a date is written, the same minute is the same run."""
    assert simulate(start=told).start == meant
    assert simulate(start=told).fingerprint == simulate(start=meant).fingerprint


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("2022-06-01T07:05:31", r"nearest minute is 2022-06-01T07:06"),
        ("2022-06-01T23:59:45", r"nearest minute is 2022-06-02$"),
        ("2022-06-01T07:05+02:00", r"not in UTC; .*write 2022-06-01T05:05"),
        ("2022-13-01", r"is not a date"),
        ("yesterday", r"is not a date"),
        ("", r"is not a date"),
        (20220601, r"20220601 is not a date"),
        (None, r"None is not a date"),
    ],
)
def test_what_is_no_minute_in_utc_is_refused(told: object, said: str) -> None:
    """Seconds with the nearest minute, other zones with the UTC time, and the rest."""
    with pytest.raises(ConfigError, match=rf"^start: .*{said}"):
        simulate(start=told)


def test_minutes_and_dates_are_inverse() -> None:
    """From 1970 on, across leap days."""
    for number in (0, 1, 1439, 1440, minute("2024-02-29"), minute("2024-02-29T23:59"), 30_000_001):
        assert minute(date_text(number)) == number
    assert minute("2024-03-01") - minute("2024-02-28") == 2 * 1440


def test_a_period_ends_after_it_begins() -> None:
    """Equal dates leave nothing to simulate; the test period begins where training ends."""
    assert simulate(start="2022-01-01", end="2022-01-01T00:01").rows == 1
    for end in ("2022-01-01", "2021-12-31"):
        with pytest.raises(ConfigError, match=rf"^end: {end} is not after start \(2022-01-01\)"):
            simulate(start="2022-01-01", end=end)
    with pytest.raises(ConfigError, match=r"^test_end: .*null means no test period"):
        decode(Train, training(test_end="2023-06-01"))
    assert decode(Train, training(test_end=None)).test_rows == 0


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["BTC"], "1 token; a pool holds 2 to 8"),
        ([], "0 tokens; a pool holds 2 to 8"),
        ([f"T{i}" for i in range(9)], "9 tokens; a pool holds 2 to 8"),
        (["BTC", "ETH", "BTC"], "BTC is named twice"),
        (["BTC", True], "True is how YAML reads ON"),
        (["BTC", False], "False is how YAML reads ON, OFF, YES and NO"),
        (["BTC", 1], "1 is not a token; put it in quotes"),
        (["BTC", None], "None is not a token"),
        (["BTC", "eth"], "'eth' is not a token; use capital letters"),
        (["BTC", "../ETH"], "is not a token"),
        (["BTC", "ETH\n"], "is not a token"),
        (["BTC", ""], "'' is not a token"),
        ("BTC", "'BTC' is not a list"),
    ],
    ids=str,
)
def test_tokens_are_two_to_eight_different_names(tokens: object, said: str) -> None:
    """One, nine, doubles, what YAML reads as true, numbers, paths."""
    with pytest.raises(ConfigError, match=r"^tokens"):
        simulate(tokens=tokens)
    with pytest.raises(ConfigError) as caught:
        simulate(tokens=tokens)
    assert said in str(caught.value)


def test_tokens_keep_their_order() -> None:
    """Nothing is sorted, and the order is part of the run's name."""
    one, two = simulate(tokens=["XRP", "BTC", "ON"]), simulate(tokens=["BTC", "XRP", "ON"])
    assert one.tokens == ("XRP", "BTC", "ON")
    assert one.fingerprint != two.fingerprint
    assert len(simulate(tokens=[f"T{i}" for i in range(8)]).tokens) == 8


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"initial_pool_value": 0.0}, "initial_pool_value", "0.0 is not above 0"),
        ({"initial_pool_value": "much"}, "initial_pool_value", "'much' is not a number"),
        ({"initial_pool_value": float("nan")}, "initial_pool_value", "is not a finite number"),
        ({"initial_pool_value": True}, "initial_pool_value", "True is not"),
        ({"precision": "float16"}, "precision", "float16 is not one of"),
        ({"tokns": []}, "tokns", "did you mean 'tokens'"),
        (
            {"fees": {"kind": "flat", "fee": 1.2}},
            "fees.fee",
            r"1.2 is not below 1 (a fraction: 0.003 is 30 bps)",
        ),
        ({"fees": {"kind": "flat", "fee": -0.1}}, "fees.fee", "-0.1 is below 0"),
        (
            {"fees": {"kind": "flat", "arb_frequency": 1.5}},
            "fees.arb_frequency",
            "1.5 is not a whole number",
        ),
        ({"fees": {"kind": "flat", "arb_frequency": 0}}, "fees.arb_frequency", "0 is below 1"),
        (
            {"fees": {"kind": "flat", "arb_frequency": True}},
            "fees.arb_frequency",
            "True is not a whole number",
        ),
        (
            {"fees": {"kind": "flat", "protocol_fee_split": 1.1}},
            "fees.protocol_fee_split",
            "1.1 is above 1",
        ),
        ({"fees": {"kind": "flat", "do_arb": 1}}, "fees.do_arb", "1 is not true or false"),
        (
            {"fees": {"kind": "none", "fee": 0.1}},
            "fees.fee",
            "fees=none has no frictions",
        ),
        ({"fees": {"kind": "none", "file": "a.csv"}}, "fees.file", "add fees=recorded"),
        ({"fees": {"kind": "flat", "file": "a.csv"}}, "fees.file", "add fees=recorded"),
        ({"fees": {"kind": "recorded"}}, "fees.file", "needs a file"),
        ({"fees": {"kind": "flt"}}, "fees", "did you mean 'flat'"),
        ({"fees": {"kind": 3}}, "fees.kind", "3 is not a name"),
        (
            {"pool": {"kind": "balancer", "rule": {"kind": "momentum"}}},
            "pool.rule",
            "no such setting of balancer",
        ),
        ({"output": {"every": 0}}, "output.every", "0 is below 1"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_is_said_in_one_line_at_its_place(
    changes: dict[str, Any], place: str, said: str
) -> None:
    """The dotted key, what came, what was expected."""
    with pytest.raises(ConfigError) as caught:
        simulate(**changes)
    line = str(caught.value)
    assert line.startswith(f"{place}: ")
    assert said in line
    assert "\n" not in line


def test_a_training_window_must_be_left() -> None:
    """The offset of the windows takes from the days that train;
    the message says how much there is.
    """
    with pytest.raises(
        ConfigError,
        match=(
            r"^split\.bout_offset: 10080 minutes leave no training window in the 1152 minutes "
            r"from 2023-01-01; take at most 1150, or more days"
        ),
    ):
        decode(Train, training(start="2023-01-01", end="2023-01-02", test_end=None))
    short = decode(
        Train,
        training(
            start="2023-01-01",
            end="2023-01-02",
            test_end=None,
            split={"kind": "holdout", "bout_offset": 1150},
        ),
    )
    assert short.window_rows == 2


def test_periods_share_the_minutes_out() -> None:
    """Train, validation and test follow each other without gap or overlap;
    what has no minutes is no period.
    """
    told = decode(Train, training(start="2023-01-01", end="2023-02-01", test_end="2023-02-11"))
    rows = 31 * 1440
    assert told.periods == {
        "train": (0, rows - told.validation_rows),
        "validation": (rows - told.validation_rows, rows),
        "test": (rows, rows + 10 * 1440),
    }
    assert told.validation_rows == int(0.2 * rows)
    only = decode(
        Train, training(test_end=None, split={"kind": "holdout", "validation_fraction": 0.0})
    )
    assert list(only.periods) == ["train"]


def test_settings_are_frozen() -> None:
    """Nobody changes a run's settings after they were checked."""
    with pytest.raises(Exception, match="frozen"):
        simulate().start = "2020-01-01"  # type: ignore[misc]
