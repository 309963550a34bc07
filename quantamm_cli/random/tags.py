"""The tags that distinguish streams of random numbers, and the streams without a tag.

The key of a stream is ``[seed, TAG]`` or, where each step of a training draws anew,
``[seed, step, TAG]``. Streams of ``noise`` and of the competition's market have names instead:
``[NAME, seed, ...]``. A tag in use is never reused or changed.
"""

MEMBERS = 1
"""``core.params``: the offsets of the members of an ensemble. No step."""
WINDOWS = 1
"""``training.windows``: where the windows of a step begin in the history."""
REDRAWN_SETS = 2
"""``training.reinitialise``: replacements of sets that diverged; the set precedes the tag."""
PRICE_NOISE = 3
"""``training.noise``: factors on the prices of a step."""
PATHS = 4
"""``training.windows``: the paths of a practice for the windows of a step."""
MONTE_CARLO = 5
"""``market.monte_carlo``: the paths. No step."""
CMA_ES = 5
"""``training.cma_es``: the population of a step."""
STEP_RESPONSES = 6
"""``market.step``: minutes and directions of the steps in price. No step of a training."""
OPTUNA = 6
"""``training.optuna``: the seed of the sampler of a step."""

COMPETITION_MARKET = "qsim market 1"
"""``competition.market.streams``; changes with the model."""
SYNTHETIC_MARKET = "qsim synthetic market 1"
"""``market.synthetic``; changes with the model."""
SYNTHETIC_SUPPLY = "qsim synthetic supply 1"
"""``market.supply``; changes with the model."""

_ALONE = "its numbers estimate a probability; they affect no market and no parameter"
_CHALLENGE = "these are the streams of the original challenge, with its seeds"
_DRAWN = "the seed is a digest of the study's seed, the trial and the setting"
_SAMPLERS = ("gp", "grid", "nsga2", "nsga3", "qmc", "random", "tpe", "tpe_independent")
UNTAGGED = {
    "competition.challenge.play.start_streams": _CHALLENGE,
    "competition.market.challenge_paths.orders": _CHALLENGE,
    "competition.market.challenge_paths.parameters": _CHALLENGE,
    "competition.market.challenge_paths.prices": _CHALLENGE,
    "competition.optimise.evolve": "the only stream of a search; the market's keys have names",
    "competition.statistics.probability_best": _ALONE,
    "competition.validation_probes.probe": "the only stream of a check of a strategy",
    "core.params._jittered": "the differences between sets with fit.init=gaussian",
    "core.sampling.points": "the differences between sets otherwise; layers take the next seeds",
    "evaluation.bootstrap.resampled": _ALONE,
    "evaluation.rademacher.rademacher": _ALONE,
    "training.optuna._next_trials": "the seed is a number of the stream of the tag OPTUNA",
    "tuning.points.__init__": "tests whether a space has legal points; none of them is run",
    **dict.fromkeys((f"tuning.samplers.{name}.make" for name in _SAMPLERS), _DRAWN),
    "tuning.leases.__init__": "the name of a worker",
    "tuning.study.the module": "a place holder that draws nothing",
}
"""The functions that start a stream without a tag, and the reasons. A new function takes a tag.

Streams whose key is one integer are the same stream: no computation may use two of them with the
same seed.
"""
