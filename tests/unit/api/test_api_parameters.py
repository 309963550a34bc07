"""Parameters by name, unit and range, and in all their forms."""

import numpy as np
import pytest
from kinds import components

import quantamm_cli as qsim

DOCUMENTED = {
    "initial_weights": ("initial_weights_logits", "share of value", 0.0, 1.0, False),
    "k_per_day": ("log_k", "1/day", 0.1, 1000.0, True),
    "memory_days": ("logit_lamb", "days", 1.0, 200.0, True),
}


def test_the_table_says_what_a_pool_declares() -> None:
    """One truth in rows, frame, JSON and print."""
    table = qsim.parameters(qsim.compose("train", "tokens=[BTC,ETH]"))
    assert {
        row.name: (row.raw, row.unit, row.low, row.high, row.trains) for row in table.rows
    } == DOCUMENTED
    assert table.frame().to_dicts() == table.to_dict()["parameters"]
    lines = str(table).splitlines()
    assert lines[0] == "parameters of pool=temporal"
    assert lines[1].split() == [
        "name",
        "unit",
        "default",
        "low",
        "high",
        "log",
        "trains",
        "numbers",
    ]
    assert lines[3].split() == ["k_per_day", "1/day", "20", "0.1", "1000", "log", "yes", "2"]
    assert lines[-1].split(maxsplit=2)[:2] == ["memory_days", "logit_lamb"]
    assert max(map(len, lines)) <= 80
    assert table["log_k"].name == "log_k"
    assert table["logit_lamb"].name == table["memory_days"].name == "logit_lamb"
    with pytest.raises(KeyError, match=r"memory_day.*did you mean 'memory_days'"):
        table["memory_day"]


@pytest.mark.parametrize("rule", components("pool/rule"))
def test_raw_and_readable_are_each_other_s_inverse(rule: str) -> None:
    """And the defaults are the raw values a simulation begins with."""
    settings = qsim.compose(
        "train", "tokens=[BTC,ETH,LTC]", f"pool/rule={rule}", "fit.parameter_sets=3"
    )
    table = qsim.parameters(settings)
    raw = table.raw({})
    readable = table.readable(raw)
    assert set(readable) == {spec.readable for spec in table}
    for name, values in table.raw(readable).items():
        np.testing.assert_allclose(values, raw[name], rtol=1e-9, atol=1e-12)
    for name, values in table.initial().items():
        assert values.shape == (3, *raw[name].shape)
        np.testing.assert_array_equal(values[0], raw[name])


def test_on_chain_numbers_are_those_of_the_litepaper() -> None:
    """λ from the memory by its closed form at one price a day; k times the memory in days."""
    table = qsim.parameters(qsim.compose("train", "tokens=[BTC,ETH]", "pool.chunk_period=1440"))
    chain = table.onchain(table.raw({"memory_days": 30.0, "k_per_day": 5.0}))
    np.testing.assert_allclose(chain["k"], 150.0)
    lamb = chain["lamb"][0]
    np.testing.assert_allclose(np.cbrt(6 * lamb / (1 - lamb) ** 3) * 2, 30.0, rtol=1e-9)


def test_a_grid_is_even_on_the_scale_of_each_range() -> None:
    grid = qsim.parameters(qsim.compose("train", "tokens=[BTC,ETH]")).grid(5)
    assert set(grid) == {"k_per_day", "memory_days"}
    np.testing.assert_allclose(np.diff(np.log(grid["k_per_day"])), np.log(10))
    np.testing.assert_allclose(grid["memory_days"][[0, -1]], [1.0, 200.0])


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(qsim.ConfigError, match="this pool has no such parameter"):
        qsim.parameters(qsim.compose("train")).raw({"k_per_dya": 3.0})
    with pytest.raises(
        qsim.ArgumentError, match="settings: are those of compete; expected those of a pool"
    ):
        qsim.parameters(qsim.compose("compete"))
