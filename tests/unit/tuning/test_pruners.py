"""Pruners: each ends a trial that is clearly bad, keeps a good one, in the direction that is
maximised; and what a pruner cannot judge is refused.
"""

import math
import warnings
from typing import Any

import drawn
import pytest
from kinds import build, components

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.digest import plain
from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.pruners.hyperband import Hyperband
from quantamm_cli.tuning.pruners.median import Median
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.pruners.patient import Patient
from quantamm_cli.tuning.pruners.percentile import Percentile
from quantamm_cli.tuning.pruners.successive_halving import SuccessiveHalving
from quantamm_cli.tuning.pruners.threshold import Threshold
from quantamm_cli.tuning.pruners.wilcoxon import Wilcoxon
from quantamm_cli.tuning.shape import StudyShape

PARTS = 10
WALK = StudyShape(trials=20, ranges=1, cycles=PARTS)
HOLDOUT = StudyShape(trials=20, ranges=1)
NOISE = (0.3, -0.2, 0.5, -0.6, 0.1, 0.4, -0.3, 0.2, -0.5, 0.1)
"""What a cycle has of its own: the same in all trials."""
QUALITIES = (1.0, 2.0, 3.0, 4.0, 5.0, 4.5, 3.5, 4.8)


class Reported:
    """A study whose trials report as ``qsim tune`` does: the score of each cycle to a pruner that
    compares cycles, else the mean so far.
    """

    def __init__(self, pruner: Pruner, parts: int = PARTS) -> None:
        self.pruner, self.parts = pruner, parts
        self.study = drawn.study()
        self.study.pruner = pruner.make(parts)

    def ended(self, quality: float, noise: tuple[float, ...] = NOISE, scale: float = 1.0) -> int:
        """The part after which a trial is ended; its number of parts if it is not."""
        trial = self.study.ask()
        scores: list[float] = []
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for part in range(1, self.parts + 1):
                scores.append(quality + scale * noise[(part - 1) % len(noise)])
                mean = math.fsum(scores) / part
                trial.report(scores[-1] if self.pruner.by_cycle_scores else mean, part)
                if part < self.parts and trial.should_prune():
                    self.study.tell(trial, state=drawn.optuna.trial.TrialState.PRUNED)
                    return part
        self.study.tell(trial, math.fsum(scores) / self.parts)
        return self.parts

    def filled(self) -> "Reported":
        """With trials of several qualities, the best 5."""
        for quality in QUALITIES:
            self.ended(quality)
        return self


JUDGING: dict[str, tuple[Pruner, int]] = {
    "wilcoxon": (Wilcoxon(), 4),
    "median": (Median(), 1),
    "percentile": (Percentile(), 1),
    "hyperband": (Hyperband(), 1),
    "successive_halving": (SuccessiveHalving(), 1),
    "threshold": (Threshold(below=2.0), 1),
    "patient": (Patient(base=Median(), patience=1), 3),
}
"""With the part after which it ends a trial that is bad in every part."""
judging = pytest.mark.parametrize("name", JUDGING)


def test_every_pruner_is_tried_here() -> None:
    assert {*JUDGING, "none", "auto"} == set(components("study/pruner"))


@judging
def test_a_bad_trial_is_ended_and_a_good_one_is_not(name: str) -> None:
    """The bad one as early as may be."""
    pruner, part = JUDGING[name]
    reported = Reported(pruner).filled()
    if name == "hyperband":  # its brackets end trials at different rungs
        assert min(reported.ended(-3.0) for _ in range(4)) == part
        assert max(reported.ended(9.0) for _ in range(4)) == PARTS
    else:
        assert reported.ended(-3.0) == part
        assert reported.ended(6.0) == PARTS
    best = max(reported.study.get_trials(deepcopy=False), key=lambda trial: trial.value or -99.0)
    assert (best.value or 0) > 5


def test_none_ends_nothing() -> None:
    reported = Reported(NoPruner()).filled()
    assert reported.ended(-1e9) == PARTS


@judging
def test_nothing_is_ended_before_there_is_something_to_compare_with(name: str) -> None:
    """The first trial of a study runs to its end, however bad; but for a fixed bound."""
    expected = 1 if name == "threshold" else PARTS
    assert Reported(JUDGING[name][0]).ended(-3.0) == expected


def test_wilcoxon_compares_cycle_by_cycle() -> None:
    """A trial that is a little worse in each cycle is ended in spite of larger differences between
    the cycles; a mean so far does not show it. One that is as often better is not ended.
    """
    reported = Reported(Wilcoxon())
    assert reported.ended(1.0, scale=10.0) == PARTS
    assert reported.ended(0.99, scale=10.0) == 4
    changes = tuple(each + (-1) ** number / 50 for number, each in enumerate(NOISE))
    assert reported.ended(1.0, changes, scale=10.0) == PARTS
    compared = Reported(Threshold(below=-9.0))
    compared.ended(1.0, scale=10.0)
    assert compared.ended(0.99, scale=10.0) == PARTS


@pytest.mark.parametrize(
    ("p_value", "warmup", "ended"),
    [(0.3, 2, 2), (0.2, 2, 3), (0.1, 2, 4), (0.05, 2, 5), (0.3, 6, 6)],
)
def test_the_p_value_and_the_warmup_say_when(p_value: float, warmup: int, ended: int) -> None:
    """k cycles that are all worse have 1/2^k."""
    reported = Reported(Wilcoxon(p_value=p_value, warmup=warmup)).filled()
    assert reported.ended(-3.0) == ended


def test_the_share_that_is_kept_goes_on() -> None:
    """0.25 keeps the best quarter, not the best three quarters as its name misled many."""
    for share, least in ((0.25, 8), (0.5, 6), (0.75, 3)):
        goes_on = []
        for quality in range(12):
            reported = Reported(Percentile(share_kept=share))
            for other in range(11):
                reported.study.add_trial(_finished(other + 0.5))
            goes_on.append(reported.ended(float(quality), (0.0,)) == PARTS)
        assert goes_on == [quality >= least for quality in range(12)]


def _finished(quality: float) -> Any:
    means = dict.fromkeys(range(1, PARTS + 1), quality)
    return drawn.optuna.trial.create_trial(value=quality, intermediate_values=means)


@pytest.mark.parametrize("cls", [Median, Percentile])
def test_startup_warmup_every_and_compared(cls: type[Median | Percentile]) -> None:
    """As said of them: trials, parts, parts, trials."""
    assert Reported(cls(startup=9)).filled().ended(-3.0) == PARTS
    assert Reported(cls(startup=8)).filled().ended(-3.0) == 1
    assert Reported(cls(warmup=3)).filled().ended(-3.0) == 4
    assert Reported(cls(compared=9)).filled().ended(-3.0) == PARTS
    reported = Reported(cls(warmup=2, every=4)).filled()
    trial = reported.study.ask()
    judged = []
    for part in range(1, PARTS):
        trial.report(-3.0, part)
        judged += [part] * bool(trial.should_prune())
    assert judged == [3, 7]


def test_rungs_are_powers_of_the_factor() -> None:
    """A trial that is middling at the first rung and bad at the next is ended there."""
    reported = Reported(SuccessiveHalving(smallest=2, factor=2, spared=1), parts=20)
    for quality in QUALITIES:
        reported.ended(quality)
    assert reported.ended(-3.0) == 4
    reported = Reported(SuccessiveHalving(smallest=3, factor=2), parts=20)
    for quality in QUALITIES:
        reported.ended(quality)
    assert reported.ended(-3.0) == 3


def test_hyperband_has_brackets_for_any_number_of_parts() -> None:
    """Also for fewer parts than its first rung."""
    for parts in (1, 2, 5, 30):
        reported = Reported(Hyperband(smallest=4), parts)
        assert [reported.ended(1.0) for _ in range(3)] == [parts] * 3


def test_bounds_end_a_trial_outside_of_them() -> None:
    assert Reported(Threshold(above=2.0)).ended(3.0) == 1
    assert Reported(Threshold(above=9.0, below=0.0)).ended(3.0) == PARTS
    assert Reported(Threshold(below=5.0, warmup=3)).ended(3.0) == 4


def test_patience_asks_the_other_later() -> None:
    """A trial that still improves is kept though the median is better; with ``none`` below it the
    patience alone ends a trial.
    """
    better = tuple(float(part) for part in range(PARTS))
    reported = Reported(Patient(base=Median(), patience=1)).filled()
    assert reported.ended(-9.0, better) == PARTS
    worse = tuple(-float(part) for part in range(PARTS))
    alone = Reported(Patient(base=NoPruner(), patience=2))
    assert alone.ended(1.0, better) == PARTS
    assert alone.ended(1.0, worse) == 4
    assert Reported(Patient(base=NoPruner(), patience=2, margin=5.0)).ended(1.0, worse) == PARTS


def test_what_is_reported() -> None:
    """To ``wilcoxon``, also inside of ``patient``, the cycles; to others the mean so far, in a
    holdout as often as ``reports`` says.
    """
    by_cycle = {name for name, (pruner, _) in JUDGING.items() if pruner.by_cycle_scores}
    assert by_cycle == {"wilcoxon"}
    assert Patient(base=Wilcoxon()).by_cycle_scores
    silent = {name for name, (pruner, _) in JUDGING.items() if not pruner.training_reports}
    assert silent == {"wilcoxon"}
    assert Median(reports=7).training_reports == 7
    assert NoPruner().training_reports == 0


def test_auto_follows_the_split() -> None:
    auto: Pruner = build("study/pruner", "auto")
    assert auto.resolved(WALK) == Wilcoxon()
    assert auto.resolved(HOLDOUT) == NoPruner()
    assert auto.resolved(StudyShape(20, 1, cycles=9, objectives=2)) == NoPruner()
    with pytest.raises(TypeError, match="before it is resolved"):
        auto.make(3)


def test_what_is_named_is_resolved_throughout() -> None:
    """Inside of ``patient``, too."""
    inner = Patient(base=build("study/pruner", "auto"))
    assert plain(inner.resolved(WALK))["base"]["kind"] == "wilcoxon"
    for name, (pruner, _) in JUDGING.items():
        assert pruner.resolved(WALK) == pruner, name


@pytest.mark.parametrize(
    ("pruner", "shape", "error"),
    [
        (Wilcoxon(), HOLDOUT, "wilcoxon compares the cycles of trials; add split=walk_forward"),
        (Patient(base=Wilcoxon()), HOLDOUT, "wilcoxon compares the cycles of trials"),
        (Median(), StudyShape(9, 1, objectives=2), "median compares single scores, .* has 2; use"),
        (Threshold(), WALK, "threshold has no bound; give study.pruner.below"),
        (Threshold(below=2.0, above=1.0), WALK, r"below \(2\) is not under above \(1\)"),
    ],
)
def test_what_it_cannot_judge_is_refused(pruner: Pruner, shape: StudyShape, error: str) -> None:
    with pytest.raises(ConfigError, match=error) as refused:
        pruner.resolved(shape)
    assert refused.value.where == "study.pruner"


@pytest.mark.parametrize(
    ("pruner", "cycles", "acts"),
    [
        (Wilcoxon(), 4, False),
        (Wilcoxon(), 5, True),
        (Wilcoxon(p_value=0.15), 4, True),
        (Wilcoxon(warmup=7), 7, False),
        (Patient(base=Wilcoxon()), 4, False),
        (Median(), 2, True),
    ],
)
def test_a_pruner_that_can_end_nothing_says_so(pruner: Pruner, cycles: int, acts: bool) -> None:
    """And it is true: a trial that is worse in every cycle tells."""
    assert (pruner.advice(StudyShape(9, 1, cycles=cycles)) == "") == acts
    if not isinstance(pruner, Patient):
        reported = Reported(pruner, cycles)
        for quality in QUALITIES:
            reported.ended(quality)
        assert (reported.ended(-3.0) < cycles) == acts
