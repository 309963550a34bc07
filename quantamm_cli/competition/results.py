"""Per-seed results of a competition, joined from batches, and each entrant's statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition import statistics
from quantamm_cli.competition.documents import BreachInputs, BreachRecord, Columns
from quantamm_cli.competition.statistics import Estimate
from quantamm_cli.competition.types import Fault, Outcome
from quantamm_cli.settings.compete import NORMALISER

BPS = 1e4


@dataclass(frozen=True)
class Results:
    """Outcomes of ``seeds`` (s,), ascending; the arrays of ``outcome`` have one row a seed."""

    names: tuple[str, ...]
    """The strategies."""
    seeds: NDArray[np.int64]
    outcome: Outcome

    @classmethod
    def join(
        cls, names: Sequence[str], parts: Sequence[Mapping[str, np.ndarray]], wanted: range
    ) -> Self:
        """The results of the ``wanted`` seeds, from batches that have them all.

        A seed of two batches is taken from the first.
        """
        every = np.concatenate([part["seeds"] for part in parts])
        seeds, places = np.unique(every, return_index=True)
        rows = places[np.searchsorted(seeds, np.asarray(wanted))]
        columns = {
            name: np.concatenate([part[name] for part in parts])[rows] for name in Outcome._fields
        }
        return cls(tuple(names), np.asarray(wanted, np.int64), Outcome(**columns))

    @property
    def all_names(self) -> tuple[str, ...]:
        """Strategies and normaliser, in the order of the outcome's columns."""
        return (*self.names, NORMALISER)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(N,) whether a strategy kept the rules on every seed."""
        return np.asarray((self.outcome.invalid_step < 0).all(0))

    def table(self) -> Columns:
        """Columns of a data frame: a row for each seed and entrant."""
        count, pools = self.outcome.edge.shape
        columns: Columns = {
            "seed": np.repeat(self.seeds, pools),
            "strategy": list(self.all_names) * count,
        }
        for name in (
            "edge",
            "arb_edge",
            "retail_edge",
            "arb_volume",
            "retail_volume",
            "fills",
            "arb_fills",
            "capital",
        ):
            columns[name] = getattr(self.outcome, name).reshape(-1)
        for axis, token in enumerate("xy"):
            columns[f"final_reserve_{token}"] = self.outcome.final_reserves[..., axis].reshape(-1)
        share, step = (np.full((count, pools), fill) for fill in (np.nan, -1))
        share[:, :-1], step[:, :-1] = self.outcome.epoch_weight[:, -1], self.outcome.invalid_step
        return columns | {"capital_share": share.reshape(-1), "invalid_step": step.reshape(-1)}


class Breach(NamedTuple):
    """The number of seeds on which a strategy broke a rule, and the first case."""

    seeds: int
    seed: int
    step: int
    rule: str
    inputs: BreachInputs

    @property
    def record(self) -> BreachRecord:
        """The breach as it is stored."""
        return {
            "seeds": self.seeds,
            "seed": self.seed,
            "step": self.step,
            "rule": self.rule,
            "inputs": self.inputs,
        }


class Standing(NamedTuple):
    """One row of the table. Edge and volume are in Y a seed, ratios in bps."""

    name: str
    edge: Estimate
    arb_edge: float
    retail_edge: float
    volume: float
    flow_share: float
    """Share of all pools' retail volume."""
    edge_per_volume: float
    edge_per_capital: float
    """Over the time average of the value of its reserves."""
    over_normaliser: Estimate
    mean_over_std: float
    """Mean over standard deviation of the seeds' edges."""
    over_reference: Estimate | None
    beats_reference: float
    wins: float
    """Share of seeds on which no strategy has a higher edge."""
    probability_best: float
    """Probability of the highest mean."""
    capital_share: float
    fills: float
    breach: Breach | None = None


def standings(results: Results, reference: int = 0, epochs: bool = True) -> list[Standing]:
    """The strategies in their order, then the normaliser.

    ``reference``: the place of the strategy that the others are compared with. ``epochs``: whether
    capital moves.
    """
    edge = results.outcome.edge
    valid = np.flatnonzero(results.valid)
    wins, probability = (np.full(edge.shape[1], np.nan) for _ in range(2))
    wins[valid] = statistics.wins(edge[:, valid])
    probability[valid] = statistics.probability_best(edge[:, valid])
    rows = []
    for place in range(edge.shape[1]):
        row = _standing(results, place, epochs)._replace(
            wins=float(wins[place]), probability_best=float(probability[place])
        )
        if place < len(results.names) and place != reference:
            row = row._replace(
                over_reference=statistics.difference(edge[:, place], edge[:, reference]),
                beats_reference=statistics.beats(edge[:, place], edge[:, reference]),
            )
        rows.append(row)
    return rows


def _standing(results: Results, place: int, epochs: bool) -> Standing:
    """One row, without comparisons of strategies."""
    outcome = results.outcome
    edge = outcome.edge[:, place]
    volume = outcome.arb_volume[:, place] + outcome.retail_volume[:, place]
    strategy = place < len(results.names)
    estimate = statistics.mean(edge)
    deviation = edge.std(ddof=1) if len(edge) > 1 else 0.0
    capital_share = np.nan
    if strategy and epochs:
        capital_share = float(outcome.epoch_weight[:, -1, place].mean())
    return Standing(
        name=results.all_names[place],
        edge=estimate,
        arb_edge=float(outcome.arb_edge[:, place].mean()),
        retail_edge=float(outcome.retail_edge[:, place].mean()),
        volume=float(volume.mean()),
        flow_share=statistics.ratio(outcome.retail_volume[:, place], outcome.retail_volume.sum(1)),
        edge_per_volume=BPS * statistics.ratio(edge, volume),
        edge_per_capital=BPS * statistics.ratio(edge, outcome.capital[:, place]),
        over_normaliser=statistics.difference(edge, outcome.edge[:, -1]),
        mean_over_std=estimate.mean / deviation if deviation > 0 else np.nan,
        over_reference=None,
        beats_reference=np.nan,
        wins=np.nan,
        probability_best=np.nan,
        capital_share=capital_share,
        fills=float(outcome.fills[:, place].mean()),
        breach=breach(results, place) if strategy else None,
    )


def breach(results: Results, place: int) -> Breach | None:
    """The rules that a strategy broke; None if it broke none."""
    steps = results.outcome.invalid_step[:, place]
    broken = np.flatnonzero(steps >= 0)
    if not broken.size:
        return None
    row = int(broken[0])
    side, amount, x, y, answer = (
        float(value) for value in results.outcome.invalid_input[row, place]
    )
    rule = Fault(int(results.outcome.invalid_reason[row, place])).name.lower()
    inputs: BreachInputs = {
        "side": "buy X" if side == 1 else "sell X",
        "amount": amount,
        "reserves": [x, y],
        "answer": answer,
    }
    return Breach(int(broken.size), int(results.seeds[row]), int(steps[row]), rule, inputs)
