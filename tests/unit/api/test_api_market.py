"""Markets of frames, arrays, files and settings: one content is one market,
and counts as files of it do.
"""

import gc
import pickle
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from numpy.typing import NDArray

import quantamm_cli as qsim

Closes = NDArray[np.float64]
START, TOKENS = "2023-03-01", ["BTC", "ETH"]


@pytest.fixture
def folder(tmp_path: Path, frame: polars.DataFrame) -> Path:
    """The frame as files of a folder."""
    for token in TOKENS:
        frame.select("unix", close=token).write_parquet(tmp_path / f"{token}_USD.parquet")
    return tmp_path


def forms(closes: Closes, frame: polars.DataFrame, folder: Path) -> dict[str, qsim.MemoryMarket]:
    times = polars.from_epoch(frame["unix"], "ms")
    return {
        "array": qsim.market(closes, tokens=TOKENS, start=START),
        "list": qsim.market(closes.tolist(), tokens=TOKENS, start=START),
        "frame": qsim.market(frame),
        "lazy frame": qsim.market(frame.lazy()),
        "mapping of columns": qsim.market(
            {name: frame[name].to_numpy() for name in ("ETH", "BTC", "unix")}
        ),
        "seconds": qsim.market(frame.with_columns(unix=frame["unix"] // 1000)),
        "nanoseconds": qsim.market(frame.with_columns(unix=frame["unix"] * 1_000_000)),
        "date-times": qsim.market(frame.with_columns(unix=times)),
        "date-times of a zone": qsim.market(
            frame.with_columns(
                unix=times.dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo")
            )
        ),
        "frame a token": qsim.market(
            {token: frame.select("unix", close=token) for token in TOKENS}
        ),
        "folder": qsim.market(folder),
        "folder as text": qsim.market(str(folder), tokens=["ETH", "BTC"]),
    }


def test_one_content_is_one_market_whatever_it_came_in(
    closes: Closes, frame: polars.DataFrame, folder: Path
) -> None:
    made = forms(closes, frame, folder)
    assert {name: market.sha256 for name, market in made.items()} == dict.fromkeys(
        made, made["array"].sha256
    )
    assert made["folder"].frame().equals(frame)
    own = {token: frame.select("unix", close=token) for token in TOKENS}
    assert (
        qsim.market(own, fees=0.003).sha256
        == qsim.market(closes, tokens=TOKENS, start=START, fees=0.003).sha256
    )
    assert (made["frame"].start, made["frame"].end) == (START, "2023-03-21")


def test_pandas_frames_are_markets_too(frame: polars.DataFrame) -> None:
    pandas = pytest.importorskip("pandas")
    columns = {token: frame[token].to_numpy() for token in TOKENS}
    times = pandas.to_datetime(frame["unix"].to_numpy(), unit="ms")
    wanted = qsim.market(frame).sha256
    for index in (
        times,
        times.tz_localize("UTC"),
        times.tz_localize("UTC").tz_convert("America/New_York"),
    ):
        assert qsim.market(pandas.DataFrame(columns, index=index)).sha256 == wanted
        assert qsim.market(pandas.DataFrame(columns | {"unix": index})).sha256 == wanted
    assert (
        qsim.market(pandas.DataFrame(columns | {"unix": frame["unix"].to_numpy()})).sha256 == wanted
    )


def test_any_number_that_changes_changes_the_market(closes: Closes) -> None:
    """A price, the first minute, a token's name, what comes besides."""
    other = closes.copy()
    other[77, 1] *= 1 + 1e-15
    made = [
        qsim.market(closes, tokens=TOKENS, start=START),
        qsim.market(other, tokens=TOKENS, start=START),
        qsim.market(closes, tokens=TOKENS, start="2023-03-02"),
        qsim.market(closes, tokens=["BTC", "LTC"], start=START),
        *(
            qsim.market(closes, tokens=TOKENS, start=START, **{name: 0.25})
            for name in ("fees", "gas_cost", "arb_fee", "lp_supply")
        ),
        qsim.market(closes, tokens=TOKENS, start=START, series={"supply": closes}),
        qsim.market(closes, tokens=TOKENS, start=START, series={"cap": closes}),
        qsim.market(closes, tokens=TOKENS, start=START, trades=trades("BTC", "ETH")),
        qsim.market(closes, tokens=TOKENS, start=START, trades=trades("ETH", "BTC")),
    ]
    assert len({market.sha256 for market in made}) == len(made)


def test_a_market_is_a_copy(closes: Closes, frame: polars.DataFrame) -> None:
    """Arrays that change later change nothing of it."""
    for make in (
        lambda array: qsim.market(
            array, tokens=TOKENS, start=START, fees=array[:, 0] / 1e6, series={"cap": array}
        ),
        lambda array: qsim.market(
            {"unix": frame["unix"].to_numpy(), "BTC": array[:, 0], "ETH": array[:, 1]}
        ),
        lambda array: qsim.market(
            frame, lp_supply={"unix": frame["unix"].to_numpy(), "value": array[:, 0]}
        ),
    ):
        array = closes.copy(order="F")
        market = make(array)
        tables = {name: table.clone() for name, table in market.tables.items()}
        before = market.frame()
        array[:] = 1.0
        assert market.frame().equals(before)
        assert all(market.tables[name].equals(table) for name, table in tables.items())


def trades(paid: str, taken: str) -> dict[str, list[Any]]:
    return {
        "unix": [1_678_147_200_000],
        "token_in": [paid],
        "token_out": [taken],
        "amount_in": [0.5],
    }


def files(frame: polars.DataFrame, folder: Path, **tables: polars.DataFrame) -> list[str]:
    """The words that read the prices and tables from files."""
    words = ["data=parquet", f"data.dir={folder}"]
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
        words += [f"{name}=recorded", f"{name}.file={folder / name}.parquet"]
    return words


def test_a_run_on_it_is_the_run_on_files_of_the_same(
    settings: qsim.Settings, frame: polars.DataFrame, folder: Path
) -> None:
    """Prices, all four series of fees, and trades of both kinds, to the last bit."""
    days = frame["unix"][:: 3 * 1440]
    fees = polars.DataFrame({"unix": days}).with_columns(
        fee=0.001, gas_cost=1.5, arb_fee=0.0005, lp_supply=np.linspace(10, 12, len(days))
    )
    given = polars.DataFrame(trades("BTC", "ETH")).with_columns(amount_out=None)
    given = polars.concat(
        [given, given.with_columns(unix=given["unix"] + 61_000, amount_in=None, amount_out=2.0)],
        how="vertical_relaxed",
    )
    read = qsim.simulate(settings.but(*files(frame, folder, fees=fees, trades=given)))
    whole = qsim.market(frame, fees=fees, trades=given)
    apart = qsim.market(
        frame,
        fees=fees.select("unix", "fee"),
        gas_cost=fees.select("unix", "gas_cost"),
        arb_fee=fees.select("unix", value="arb_fee"),
        lp_supply=fees.select("unix", "lp_supply"),
        trades=given,
    )
    copied = qsim.market(settings.but(*files(frame, folder, fees=fees, trades=given)))
    for market in (whole, apart, copied):
        made = qsim.simulate(settings, market=market)
        assert made.to_dict()["trades"] == {"given": 2, "refused": 0}
        np.testing.assert_equal(made.metrics, read.metrics)
        for column in ("prices", "weights", "reserves", "value", "fees"):
            np.testing.assert_array_equal(
                getattr(made.trajectory, column), getattr(read.trajectory, column)
            )
    assert read.trajectory.fees.sum() > 0


def test_arrays_beside_prices_have_their_rows(settings: qsim.Settings, closes: Closes) -> None:
    """A fee a row, a series a row and token; a number holds throughout,
    as the setting of that name does.
    """
    fee = np.full(len(closes), 0.003)
    rows = qsim.simulate(settings, market=qsim.market(closes, tokens=TOKENS, start=START, fees=fee))
    number = qsim.simulate(
        settings, market=qsim.market(closes, tokens=TOKENS, start=START, fees=0.003)
    )
    flat = qsim.simulate(
        settings.but("fees=flat", "fees.fee=0.003"),
        market=qsim.market(closes, tokens=TOKENS, start=START),
    )
    np.testing.assert_equal(rows.metrics, number.metrics)
    np.testing.assert_equal(rows.metrics, flat.metrics)
    weights = np.tile([0.25, 0.75], (len(closes), 1))
    market = qsim.market(closes, tokens=TOKENS, start=START, series={"weights": weights})
    given = qsim.compose(
        "simulate",
        "tokens=[BTC,ETH]",
        "start=2023-03-06",
        "end=2023-03-08",
        "pool=given",
        market=market,
    )
    followed = qsim.simulate(given).trajectory
    np.testing.assert_allclose(
        followed.weights, np.broadcast_to([0.25, 0.75], followed.weights.shape), rtol=1e-12
    )


def test_minutes_without_a_bar_are_carried_as_those_of_files_are(
    settings: qsim.Settings, frame: polars.DataFrame, folder: Path
) -> None:
    """Empty entries, NaN and rows that are not there."""
    holes = frame.with_columns(
        ETH=polars.when(polars.int_range(polars.len()) % 7 == 3).then(None).otherwise("ETH")
    )
    holes = holes.filter(polars.int_range(polars.len()) % 11 != 5)
    for token in TOKENS:
        holes.select("unix", close=token).drop_nulls().write_parquet(
            folder / f"{token}_USD.parquet"
        )
    read = qsim.simulate(settings.but("data=parquet", f"data.dir={folder}"))
    for table in (holes, holes.with_columns(polars.col("ETH").fill_null(float("nan")))):
        np.testing.assert_equal(
            qsim.simulate(settings, market=qsim.market(table)).metrics, read.metrics
        )


def test_training_evaluating_and_tuning_take_it(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    """A second call reuses the run, another content does not; evaluation of the stored run
    needs the market at hand.
    """
    market = qsim.market(frame)
    first, again = (
        qsim.train(settings, market=market),
        qsim.train(settings, market=qsim.market(frame.lazy())),
    )
    assert (first.status, again.status, again.run.name) == ("new", "reused", first.run.name)
    other = qsim.market(frame.with_columns(polars.col("BTC") * 2))
    assert (
        qsim.compose("train").on(other).fingerprint != qsim.compose("train").on(market).fingerprint
    )
    for run in (settings, first.run, qsim.load(str(first.run.path))):
        assert (
            qsim.evaluate(run, market=market).metrics["test"]["returns"]
            == first.metrics["test"]["returns"]
        )
    with pytest.raises(
        qsim.ArgumentError,
        match=rf"market: is {other.sha256[:12]}…, but the run was made from the market",
    ):
        qsim.evaluate(first.run, market=other)
    study = qsim.tune(
        settings, market=market, space={"fit.learning_rate": [0.01, 0.5, "log"]}, trials=1
    )
    assert study.best is not None
    assert qsim.train(settings.but(study.best.settings), market=market).run.name == study.best.run


def test_a_market_takes_the_place_of_another_whole(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    """Fees and trades of the other go; those of the settings' files
    stay unless others are given.
    """
    plain, rich = qsim.market(frame), qsim.market(frame, fees=0.01, trades=trades("BTC", "ETH"))
    assert settings.on(rich).on(plain).fingerprint == settings.on(plain).fingerprint
    both = qsim.market(settings.on(rich), gas_cost=2.0)
    assert set(both.tables["fees"].columns) == {"unix", "fee", "gas_cost"}
    masked = np.ma.masked_array(
        frame.select(TOKENS).to_numpy(), mask=np.eye(frame.height, 2, -5) > 0
    )
    assert qsim.market(masked, tokens=TOKENS, start=START).missing["BTC"] > 0


def test_a_run_whose_market_is_gone_says_what_to_pass(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    market = qsim.market(frame)
    run, digest = qsim.train(settings, market=market).run, market.sha256
    del market
    gc.collect()
    with pytest.raises(
        qsim.DataError,
        match=(
            rf"the market {digest[:12]}… was made by Python code and is not in this "
            r"process; pass market="
        ),
    ):
        qsim.evaluate(run)


def test_the_command_line_says_where_such_a_market_comes_from() -> None:
    with pytest.raises(
        qsim.ConfigError,
        match=r"data: memory takes prices from Python code: pass market=qsim.market",
    ):
        qsim.compose("train", "data=memory")


def test_it_takes_the_place_of_whatever_was_chosen(frame: polars.DataFrame) -> None:
    """Keys of other sources go; what all sources have stays."""
    words = (
        "data=parquet",
        "data.dir=somewhere",
        "data.burn_in_days=3",
        "fees=recorded",
        "fees.file=gone.csv",
        "fees.fee=0.01",
    )
    values = qsim.compose("train", *words).on(qsim.market(frame, gas_cost=1.0)).training()
    assert (values.data.kind, values.fees.kind, values.fees.fee) == ("memory", "recorded", 0.01)
    assert values.data.burn_in_days == 3  # type: ignore[attr-defined]
    assert values.fees.file.endswith("/fees")  # type: ignore[union-attr]


Make = Callable[[Closes, polars.DataFrame], Any]
REFUSED: dict[str, tuple[Make, str]] = {
    "an array alone": (
        lambda a, f: qsim.market(a),
        "prices: is of type ndarray without tokens; expected a frame",
    ),
    "an array without start": (
        lambda a, f: qsim.market(a, tokens=TOKENS),
        "prices: is of type ndarray without start",
    ),
    "too few tokens": (
        lambda a, f: qsim.market(a, tokens=["BTC"], start=START),
        r"prices: has the shape \(28800, 2\)",
    ),
    "no date": (
        lambda a, f: qsim.market(a, tokens=TOKENS, start="2023-02-30"),
        "start: '2023-02-30' is not a date",
    ),
    "a start for a frame": (
        lambda a, f: qsim.market(f, start=START),
        "start: is '2023-03-01', but prices have a column unix",
    ),
    "no times": (
        lambda a, f: qsim.market(f.rename({"unix": "time"})),
        "prices: has no column unix",
    ),
    "a token that is not there": (
        lambda a, f: qsim.market(f, tokens=["BTC", "ETC"]),
        r"tokens: ETC has no prices \(did you mean 'BTC' or 'ETH'",
    ),
    "a price below zero": (
        lambda a, f: qsim.market(f.with_columns(ETH=-f["ETH"])),
        r"market, ETH: row 1 \(2023-03-01\): close is -",
    ),
    "times out of order": (lambda a, f: qsim.market(f.reverse()), "comes after"),
    "a fee of 150 %": (
        lambda a, f: qsim.market(f, fees=1.5),
        r"market, fees: row 1 .*fee is 1.5; expected at least 0 and below 1",
    ),
    "fees of other rows": (
        lambda a, f: qsim.market(f, fees=[1, 2]),
        r"fees: has the shape \(2,\); expected \(28800, 1\)",
    ),
    "fees as text": (lambda a, f: qsim.market(f, fees="high"), "fees: is of type str"),
    "two columns of gas": (
        lambda a, f: qsim.market(f, gas_cost=f),
        "gas_cost: has the columns unix, BTC, ETH; expected unix and gas_cost",
    ),
    "trades of no tokens": (
        lambda a, f: qsim.market(f, trades=f),
        "market, trades: has no column token_in",
    ),
    "trades of others": (
        lambda a, f: qsim.market(f, trades=trades("BTC", "DOGE")),
        "token_out is 'DOGE', not a token of the run",
    ),
    "no rows": (
        lambda a, f: qsim.market(f.head(0)),
        "prices: has no rows; its columns are unix, BTC, ETH",
    ),
    "times alone": (lambda a, f: qsim.market(f.select("unix")), "prices: has no column but unix"),
    "rows of different lengths": (
        lambda a, f: qsim.market([[1, 2], [3]], tokens=TOKENS, start=START),
        "prices: has rows of different lengths",
    ),
    "a token twice": (
        lambda a, f: qsim.market(a, tokens=["BTC", "BTC"], start=START),
        "tokens: are BTC, BTC; expected each once",
    ),
    "a fee that is none": (
        lambda a, f: qsim.market(f, fees=float("nan")),
        "fees: is nan; expected a finite number",
    ),
    "series without names": (
        lambda a, f: qsim.market(f, series=[1]),
        "series: is of type list; expected a mapping",
    ),
    "no trades": (
        lambda a, f: qsim.market(f, trades={"unix": [], "token_in": []}),
        "trades: has no rows",
    ),
    "tokens that never meet": (
        lambda a, f: qsim.market(
            {
                "BTC": f.select("unix", close="BTC").head(9),
                "ETH": f.select("unix", close="ETH").tail(9),
            }
        ),
        "prices: have no minute in common: BTC 2023-03-01 to 2023-03-01T00:09, ETH",
    ),
    "trades that are none": (
        lambda a, f: qsim.market(f, trades=5),
        "trades: is of type int; expected a frame",
    ),
    "times of days": (
        lambda a, f: qsim.market(f.with_columns(unix=polars.lit(time(1)))),
        "prices: has unix of type Time",
    ),
    "a series of no name": (
        lambda a, f: qsim.market(f, series={"a b": a}),
        "series: 'a b' cannot be the name of a series",
    ),
    "tokens that are no names": (
        lambda a, f: qsim.market(a, tokens=[1, 2], start=START),
        "tokens: are .1, 2.; expected names",
    ),
    "an empty array": (
        lambda a, f: qsim.market(a[:0], tokens=TOKENS, start=START),
        "prices: has no rows",
    ),
    "nothing": (
        lambda a, f: qsim.market(None),
        "prices: is of type NoneType without tokens; expected a frame",
    ),
    "rows of frames of their own": (
        lambda a, f: qsim.market(
            {token: f.select("unix", close=token) for token in TOKENS}, fees=[0.1] * len(f)
        ),
        "fees: is an array, which has no times",
    ),
}


@pytest.mark.parametrize(("make", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_market_is_refused_in_words_of_arguments(
    make: Make, says: str, closes: Closes, frame: polars.DataFrame
) -> None:
    with pytest.raises(qsim.QsimError, match=says) as failure:
        make(closes, frame)
    assert "\n" not in str(failure.value)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        qsim.ArgumentError, match=r"prices: .* has no files such as BTC_USD\.parquet"
    ):
        qsim.market(tmp_path)
    with pytest.raises(qsim.DataError, match="is not a folder"):
        qsim.market(tmp_path / "nothing")


def test_settings_on_a_market_go_to_another_process(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    """A copy holds the market, whoever else does."""
    market = qsim.market(frame, fees=0.003, trades=trades("BTC", "ETH"))
    digest, copied = market.sha256, pickle.dumps(settings.on(market))
    del market
    gc.collect()
    again = pickle.loads(copied)
    assert again.market.sha256 == digest
    assert qsim.simulate(again).to_dict()["trades"] == {"given": 1, "refused": 0}


def test_prices_of_hours_are_not_taken_for_minutes_in_silence(frame: polars.DataFrame) -> None:
    """The market says what is missing, and a run warns, whether or not somebody listens."""
    market = qsim.market(frame.gather_every(60))
    assert "BTC has no bar in 98.3% of its minutes" in repr(market)
    settings = qsim.compose("simulate", "tokens=[BTC,ETH]", "start=2023-03-06", "end=2023-03-08")
    with pytest.warns(
        UserWarning,
        match="has no price in 98% of the minutes; the previous price is carried forward",
    ):
        qsim.simulate(settings, market=market)
