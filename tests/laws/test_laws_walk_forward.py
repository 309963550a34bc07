"""What a walk-forward says of markets whose truth is known, and that no cycle hears of what
comes after its training.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kinds import DAY

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.market.base import Closes, Source
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import minute
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.walk_forward import walk_forward

FIRST, LAST = minute("2021-01-01"), minute("2021-09-01")
SEEDS = 20


class Made(Source, kind="made"):
    """Two tokens of 2% a day that take turns in rising and falling by ``trend`` a day;
    without one, a pure random walk.

    From the minute ``bent`` on all prices are other ones.
    """

    seed: int = 0
    trend: float = 0.0
    turn: int = 10
    bent: int = LAST

    def span(self, token: str) -> tuple[int, int]:
        return FIRST, LAST

    def read(self, token: str, first: int, last: int) -> Closes:
        random = np.random.Generator(np.random.PCG64([self.seed, *token.encode()]))
        steps = random.standard_normal(LAST - FIRST) * 0.02 / np.sqrt(DAY)
        turns = np.arange(LAST - FIRST) // (self.turn * DAY) + (token == "BBB")
        steps += (-1.0) ** turns * self.trend / DAY
        steps[self.bent - FIRST :] *= -3
        return Closes(
            100 * np.exp(np.cumsum(steps))[first - FIRST : last - FIRST], carried=0, longest_gap=0
        )


def walk(folder: Path, data: dict[str, Any]) -> dict[str, Any]:
    """Four cycles of 100 days to train and 25 to test, of a pool whose parameters are given
    and trained two steps more.
    """
    tree = Composer("train", ("split=walk_forward",)).tree()
    tree |= {
        "tokens": ["AAA", "BBB"],
        "start": "2021-02-01",
        "end": "2021-05-12",
        "test_end": "2021-08-20",
        "runs_dir": str(folder),
    }
    tree |= {
        "params": {"k_per_day": 50, "memory_days": 2},
        "data": {"kind": "made", "burn_in_days": 30} | data,
    }
    tree["split"] |= {"cycle_days": 25, "bout_offset": 5 * DAY}
    tree["fit"] |= {"steps": 2, "parameter_sets": 2, "batch_size": 2}
    return walk_forward(read_settings(Train, tree)).to_dict()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of ``without_trends`` are."""
    return tmp_path_factory.mktemp("plain")


@cache
def without_trends(folder: Path) -> dict[str, Any]:
    """A walk over prices without trends: once, inside the first test that asks,
    so that it has the test's executor.
    """
    return walk(folder, {})


@pytest.mark.heavy
def test_momentum_is_effective_where_there_is_some(folder: Path, tmp_path: Path) -> None:
    """And where prices are the same but for their trends, it is not."""
    found = walk(tmp_path, {"trend": 0.02})
    assert found["verdict"]["finding"] == "effective", found["verdict"]
    assert len(found["verdict"]["reasons"]) == 5
    assert found["aggregate"]["worst"] > 0
    assert without_trends(folder)["verdict"]["finding"] == "not effective"


@pytest.mark.heavy
def test_no_cycle_hears_of_what_comes_after_its_training(folder: Path, tmp_path: Path) -> None:
    """With other prices from the second cycle's test on, the first two train,
    validate and select as before, bit for bit.
    """
    plain, other = without_trends(folder), walk(tmp_path, {"bent": minute("2021-06-06")})
    for number, (one, two) in enumerate(zip(plain["cycles"], other["cycles"], strict=True), 1):
        pair = [
            Store(place).load(each["run"]).history()
            for place, each in ((folder, one), (tmp_path, two))
        ]
        seen = [
            [
                {key: entry[key] for key in ("params", "objective")} | _fitted(entry)
                for entry in entries
            ]
            for entries in pair
        ]
        assert (seen[0] == seen[1]) is (number <= 2)
        assert (one["selection"] == two["selection"]) or number > 2
        assert (one["metrics"]["test"]["returns"] == two["metrics"]["test"]["returns"]) is (
            number == 1
        )


def _fitted(entry: dict[str, Any]) -> dict[str, Any]:
    """The scores of the periods that train and select."""
    return {period: entry["metrics"][period] for period in ("train", "validation")}


@pytest.mark.long
def test_a_random_walk_is_not_effective_in_at_least_nineteen_of_twenty(tmp_path: Path) -> None:
    """Whatever luck is in some seeds."""
    findings = [walk(tmp_path, {"seed": seed})["verdict"]["finding"] for seed in range(SEEDS)]
    assert findings.count("effective") <= 1, findings
