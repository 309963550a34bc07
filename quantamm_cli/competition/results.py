"""Per-seed results of a competition: batches joined, and what each entrant's come to."""

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
    """Outcomes of ``seeds`` (s,), ascending; the arrays of ``outcome`` have a row a seed."""

    names: tuple[str, ...]
    """The strategies."""
    seeds: NDArray[np.int64]
    outcome: Outcome

    @classmethod
    def joined(
        cls, names: Sequence[str], parts: Sequence[Mapping[str, np.ndarray]], wanted: range
    ) -> Self:
        """Those of the ``wanted`` seeds, from batches that hold them all.

        A seed that two batches hold is taken from the first.
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
        """Strategies and normaliser, as the outcome's columns are."""
        return (*self.names, NORMALISER)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(N,) whether a strategy broke no rule on any seed."""
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
    """How often a strategy broke a rule, and where first."""

    seeds: int
    seed: int
    step: int
    rule: str
    inputs: BreachInputs

    @property
    def record(self) -> BreachRecord:
        """As it is written."""
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
    """Of all pools' retail volume."""
    edge_per_volume: float
    edge_per_capital: float
    """Of the value of its reserves, averaged over time."""
    over_normaliser: Estimate
    mean_over_std: float
    """Mean over standard deviation of the seeds' edges."""
    over_reference: Estimate | None
    beats_reference: float
    wins: float
    """Share of seeds on which no strategy has more."""
    probability_best: float
    """Probability of the highest mean."""
    capital_share: float
    fills: float
    breach: Breach | None = None


def standings(results: Results, reference: int = 0, epochs: bool = True) -> list[Standing]:
    """The strategies in their order, then the normaliser.

    ``reference``: place of the one that paired differences are to.
    """
    edge, valid = results.outcome.edge, results.valid
    ranked = np.where(valid)[0]
    wins, best = (np.full(edge.shape[1], np.nan) for _ in range(2))
    wins[ranked], best[ranked] = statistics.wins(edge[:, ranked]), statistics.best(edge[:, ranked])
    found = [_standing(results, place, reference, epochs) for place in range(edge.shape[1])]
    return [
        one._replace(wins=float(wins[place]), probability_best=float(best[place]))
        for place, one in enumerate(found)
    ]


def _standing(results: Results, place: int, reference: int, epochs: bool) -> Standing:
    outcome, count = results.outcome, len(results.names)
    edge = outcome.edge[:, place]
    volume = outcome.arb_volume[:, place] + outcome.retail_volume[:, place]
    strategy = place < count
    compared = strategy and place != reference
    other = outcome.edge[:, reference]
    estimate = statistics.mean(edge)
    spread = edge.std(ddof=1) if len(edge) > 1 else 0.0
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
        mean_over_std=estimate.mean / spread if spread > 0 else np.nan,
        over_reference=statistics.difference(edge, other) if compared else None,
        beats_reference=statistics.beats(edge, other) if compared else np.nan,
        wins=np.nan,
        probability_best=np.nan,
        capital_share=float(outcome.epoch_weight[:, -1, place].mean())
        if strategy and epochs
        else np.nan,
        fills=float(outcome.fills[:, place].mean()),
        breach=breach(results, place) if strategy else None,
    )


def breach(results: Results, place: int) -> Breach | None:
    """What a strategy did against the rules; None if nothing."""
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
