"""Changing a number compiles nothing: a sweep over numbers pays for its programs once."""

from collections.abc import Iterator

import jax
import pytest

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.settings.run import Train
from quantamm_cli.training.fit import fit
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.training_run import training_problem

TOY = [
    "tokens=[BTC,ETH]",
    "fees=flat",
    "fees.fee=0.003",
    "fit.steps=1",
    "fit.parameter_sets=2",
    "fit.batch_size=2",
    "split.bout_offset=1440",
]
DATES = ["start=2021-03-01", "end=2021-03-07", "test_end=2021-03-09"]


class Compilations:
    """How many programs were compiled, or fetched from the cache of
    programs, since the last look.
    """

    def __init__(self) -> None:
        self.count = 0

    def hear(self, event: str, duration: float, **_: object) -> None:
        self.count += event == "/jax/core/compile/backend_compile_duration"

    def since(self) -> int:
        count, self.count = self.count, 0
        return count


@pytest.fixture
def compilations() -> Iterator[Compilations]:
    heard = Compilations()
    jax.monitoring.register_event_duration_secs_listener(heard.hear)
    yield heard
    jax.monitoring.unregister_event_duration_listener(heard.hear)


def train(*words: str) -> None:
    """All the device work of ``qsim train``'s loop for these settings."""
    choice, numbers = (
        [word for word in words if word.startswith("fit=") == chosen] for chosen in (True, False)
    )
    settings = read_settings(Train, Composer("train", [*choice, *TOY, *DATES, *numbers]).tree())
    problem, progress, _ = training_problem(
        settings, load_market(settings, settings.test_end or settings.end)
    )
    for _ in fit(problem, progress):
        pass


CHANGES = {
    "fee": ["fees.fee=0.001"],
    "learning rate": ["fit.learning_rate=0.03"],
    "weight decay and clipping": ["fit.weight_decay=0.2", "fit.clip_norm=1.0"],
    "dates moved together, with another burn-in": [
        "start=2021-04-03",
        "end=2021-04-09",
        "test_end=2021-04-11",
    ],
    "dates moved to the first day of the data": [
        "start=2021-01-01",
        "end=2021-01-07",
        "test_end=2021-01-09",
    ],
    "guard": ["pool.guard.maximum_change=1e-4"],
    "initial value and seed": ["initial_pool_value=5e5", "fit.seed=3", "data.seed=4"],
    "initial parameters": ["params.k_per_day=3", "params.memory_days=[4,5]"],
}


@pytest.mark.heavy
def test_changing_numbers_compiles_nothing(compilations: Compilations) -> None:
    """After one training, others that differ in numbers run on the programs it left."""
    train()
    assert compilations.since() > 0, "the listener hears of compilations"
    found = {}
    for name, words in CHANGES.items():
        train(*words)
        found[name] = compilations.since()
    assert found == dict.fromkeys(CHANGES, 0)


def test_changing_numbers_of_what_is_not_always_there_compiles_nothing(
    compilations: Compilations,
) -> None:
    """Noise, plateau decay, averaging and the choice of windows."""
    kinds = ["fit.price_noise=0.01", "fit.plateau_patience=2", "fit.swa_start=0"]
    train(*kinds)
    compilations.since()
    train(
        *kinds,
        "fit.price_noise=0.05",
        "fit.plateau_patience=1",
        "fit.plateau_factor=0.3",
        "fit.swa_start=0.5",
        "fit.sampling=stratified",
    )
    assert compilations.since() == 0


OTHERS = {
    "bfgs": ["fit.tolerance=1e-3", "fit.line_search_steps=3", "fit.noise_scale=0.2"],
    "cma_es": ["fit.sigma0=0.1", "fit.tolerance=1e-3", "fit.noise_scale=0.2"],
    "optuna": ["fit.startup_trials=1", "fit.noise_scale=0.2"],
    "random": ["fit.noise_scale=0.2"],
}


@pytest.mark.parametrize("fit", OTHERS)
@pytest.mark.heavy
def test_changing_numbers_of_another_fit_compiles_nothing(
    fit: str, compilations: Compilations
) -> None:
    """Nor do more steps, more trials to remember, another seed or other prices."""
    train(f"fit={fit}")
    compilations.since()
    train(f"fit={fit}", *OTHERS[fit], "fit.steps=5", "fit.seed=3", "data.seed=4", "fees.fee=0.001")
    assert compilations.since() == 0


def test_changing_a_shape_does_compile(compilations: Compilations) -> None:
    """The count is not zero for want of hearing."""
    train()
    compilations.since()
    train("fit.batch_size=3")
    assert compilations.since() > 0
