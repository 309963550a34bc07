"""Every tag that tells one stream of random numbers from another, and the streams without one.

A stream begins with ``[seed, TAG]`` or, where it is drawn anew at every step of a training,
``[seed, step, TAG]``. Names are those of streams of ``noise`` and of the competition's market:
``[NAME, seed, ...]``. A tag that is used is never used again, nor changed.
"""

MEMBERS = 1
"""``core.params``: how the members of an ensemble stand apart. No step."""
WINDOWS = 1
"""``training.windows``: where the windows of a step begin in the history."""
REDRAWN_SETS = 2
"""``training.reinitialise``: sets in the place of those that diverged;
their number precedes the tag.
"""
PRICE_NOISE = 3
"""``training.noise``: factors on the prices of a step."""
PATHS = 4
"""``training.windows``: which paths of a practice the windows of a step are."""
MONTE_CARLO = 5
"""``market.monte_carlo``: the paths. No step."""
CMA_ES = 5
"""``training.cma_es``: the population of a step."""
STEP_RESPONSES = 6
"""``market.step``: minutes and directions of the steps in price. No step of a training."""
OPTUNA = 6
"""``training.optuna``: the sampler's own seed, of a step."""

COMPETITION_MARKET = "qsim market 1"
"""``competition.market.streams``; to be changed with the model."""
SYNTHETIC_MARKET = "qsim synthetic market 1"
"""``market.synthetic``; to be changed with the model."""
SYNTHETIC_SUPPLY = "qsim synthetic supply 1"
"""``market.supply``; to be changed with the model."""

_ALONE = "its numbers estimate a probability; they move no market and no parameter"
_CHALLENGE = "the seeds of the original challenge, whose streams these are"
UNTAGGED = {
    "competition.challenge.play.start_streams": _CHALLENGE,
    "competition.market.challenge_paths.orders": _CHALLENGE,
    "competition.market.challenge_paths.parameters": _CHALLENGE,
    "competition.market.challenge_paths.prices": _CHALLENGE,
    "competition.optimise.evolve": "the only stream of a search; the market's keys have names",
    "competition.statistics.probability_best": _ALONE,
    "competition.validation_probes.probe": "the only stream of a check of a strategy",
    "config.search_space.__init__": "guesses whether a space has legal points; none of them is run",
    "core.params._jittered": "how sets differ, where fit.init=gaussian",
    "core.sampling.points": "how sets differ otherwise; layers take the seeds after it",
    "evaluation.bootstrap.resampled": _ALONE,
    "evaluation.rademacher.rademacher": _ALONE,
    "training.optuna._asked": "the seed is a number of the stream of the tag OPTUNA",
    "tuning.study.reseed": "the seed is a digest of the study's seed, the trial and the setting",
}
"""The functions that begin a stream without a tag, and why. A new one takes a tag.

Streams begun with one whole number alone are one stream, whoever begins them: no computation may
use two of these with the same seed.
"""
