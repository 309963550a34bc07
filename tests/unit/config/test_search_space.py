"""Settings of trials: what Hydra would compose, whatever was composed before; settings that exist
under some choices only; first trials, grids.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.loader import Loader
from quantamm_cli.config.overrides import override_value
from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.tuning.points import Guess
from quantamm_cli.tuning.space_check import parameter_values

ROOT = Path(__file__).resolve().parents[3]


def search(*words: str, space: str = "none") -> Search:
    """A space, checked."""
    words = (f"space={space}", *words)
    return Search(Composer("tune", words).tree(), words, None)


RULES = "momentum,power_channel,mean_reversion_channel"
SPACES: dict[str, Sequence[str]] = {
    "numbers": ("space.fit.learning_rate=[0.001,1,log]", "space.fit.steps=[10,1000,int,log]"),
    "fees": ("space.fees=[none,flat]", "space.fees.fee=[0.001,0.01]", "fees.arb_frequency=3"),
    "fit": ("space.fit=[adamw,bfgs,sgd]", "space.fit.weight_decay=[0,0.1]", "fit.seed=3"),
    "rule": (f"space.pool.rule=[{RULES}]", "space.params=declared", "params.k_per_day=5"),
    "slash": (f"space.pool/rule=[{RULES}]", "space.params=declared"),
    "guard": (
        "space.pool.guard=[standard,onchain]",
        "space.pool.guard.maximum_change=[1e-4,1e-2,log]",
        "space.pool.guard.straight_through.choices=[true,false]",
    ),
    "pool": (
        "space.pool=[temporal,balancer]",
        f"space.pool.rule=[{RULES}]",
        "space.params=declared",
    ),
    "lists": (
        "space.tokens.choices=[[BTC,ETH],[ETH,BTC,USDC]]",
        "space.params.memory_days.choices=[10,[20]]",
        "space.fit.plateau_patience.choices=[null,20]",
    ),
    "nested component": (
        "pool/rule=ensemble",
        "space.pool.rule.rule=[momentum,power_channel]",
        "space.pool.rule.members=[2,5]",
    ),
    "interpolations": (
        "pool.weight_interpolation_period=${pool.chunk_period}",
        "space.pool.chunk_period.choices=[60,720]",
        "fit.seed=${fit.batch_size}",
        "space.fit.batch_size=[2,9]",
        "fit.patience=${oc.select:fit.steps,7}",
        "space.fit.steps=[5,9]",
        "runs_dir=${oc.env:HOME}/${study.seed}",
    ),
    "interpolated interpolations": (
        "fit.seed='${fit.${oc.select:nothing,batch_size}}'",
        "space.fit.batch_size=[2,9]",
    ),
    "replaced interpolation": ("fit.seed=${fit.steps}", "space.fit.seed=[1,9]"),
}


def by_hydra(words: Sequence[str], search: Search, values: JsonObject) -> JsonObject:
    """What Hydra composes in a fresh process with the values on the command line."""
    groups = {"pool": "pool", "pool.rule": "pool/rule", "pool.guard": "pool/guard", "fit": "fit"}
    groups |= {"fees": "fees", "pool.rule.rule": "pool/rule@pool.rule.rule"}
    more = [f"{groups.get(key, key)}={override_value(value)}" for key, value in values.items()]
    return Composer("tune", ("space=none", *words, *more)).tree()


@pytest.mark.parametrize("name", SPACES)
def test_a_trial_is_what_hydra_composes_in_any_order(name: str) -> None:
    words = SPACES[name]
    space = search(*words)
    points = [space.values(Guess(number)) for number in range(12)]
    trees = [space.tree(values) for values in points]
    order = list(range(len(points)))
    random.Random(1).shuffle(order)
    other = search(*words)
    for number in order:
        assert canonical(other.tree(points[number])) == canonical(trees[number])
    for values, tree in list(zip(points, trees, strict=True))[:4]:
        assert canonical(by_hydra(words, space, values)) == canonical(tree)
    assert len(set(map(canonical, trees))) > 1


def test_what_is_within_an_interpolation_is_not_searched() -> None:
    """As Hydra does not take it on the command line."""
    with pytest.raises(ConfigError) as refused:
        search("params=${initial_state}", "space.params.memory_days=[5,9]")
    assert "params.memory_days: cannot be changed, as it is within ${initial" in str(refused.value)


def test_values_of_one_trial_are_not_in_the_next() -> None:
    space = search(*SPACES["rule"])
    with_width = space.tree({"pool.rule": "mean_reversion_channel", "params.width": 1.0})
    without = space.tree({"pool.rule": "momentum"})
    assert with_width["params"] == {"k_per_day": 5, "width": 1.0}
    assert without["params"] == {"k_per_day": 5}


def test_hydra_composes_once_a_choice_of_components(monkeypatch: pytest.MonkeyPatch) -> None:
    space = search(*SPACES["rule"], *SPACES["interpolations"])
    composed = []
    settings = Loader.settings
    monkeypatch.setattr(
        Loader, "settings", lambda self, *args: composed.append(args) or settings(self, *args)
    )
    for number in range(20):
        space.settings(space.values(Guess(number)))
    assert not composed  # each of the rules was composed when the space was checked


class Recorder(Guess):
    """A guess that remembers its names."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.names: dict[str, str] = {}

    def suggest(self, key: str, spec: Any) -> Json:
        assert self.names.setdefault(key, str(spec)) == str(spec)
        return super().suggest(key, spec)


@pytest.mark.parametrize("name", ["fees", "fit", "rule", "guard", "pool", "lists"])
def test_no_trial_fails_for_its_settings(name: str) -> None:
    space = search(*SPACES[name])
    for number in range(30):
        parameter_values(space.settings(space.values(Recorder(number))))


def test_each_rule_has_its_own_parameters_over_its_own_ranges() -> None:
    space = search(*SPACES["rule"])
    exponents = {name: str(spec) for name, spec in space.space.items() if "exponent" in name}
    assert exponents == {
        "params.exponent": "1 to 4",
        "params.exponent@mean_reversion_channel": "0.5 to 4",
    }
    names: dict[Json, set[str]] = {}
    for number in range(30):
        recorder = Recorder(number)
        values = space.values(recorder)
        names.setdefault(values["pool.rule"], set()).update(recorder.names)
    assert names["momentum"] == {"pool.rule", "params.k_per_day", "params.memory_days"}
    assert "params.exponent" in names["power_channel"]
    assert "params.exponent@mean_reversion_channel" in names["mean_reversion_channel"]
    assert "params.exponent" not in names["mean_reversion_channel"]
    assert space.conditional
    assert not search(*SPACES["numbers"]).conditional


def test_a_setting_that_a_component_refuses_to_change_is_left_out() -> None:
    space = search("space.fees=[none,flat]", "space.fees.fee=[0,0.01]")
    for number in range(12):
        values = space.values(Guess(number))
        assert ("fees.fee" in values) == (values["fees"] == "flat")


BRANCHES = (
    "space.pool.rule.choices={momentum:{params.memory_days:declared},"
    "mean_reversion_channel:{params.memory_days:[2,9],params.width:[0.1,2,log]},"
    "power_channel:{}}",
    "space.fit.schedule.choices={constant:{},cosine:{fit.decay_ratio:[10,100]},"
    "exponential:{fit.decay_ratio:[10,100]}}",
)


def test_branches_exist_under_their_choices_only() -> None:
    space = search(*BRANCHES)
    assert list(space.space) == [
        "pool.rule",
        "fit.schedule",
        "params.memory_days@momentum",
        "fit.decay_ratio",
        "params.memory_days@mean_reversion_channel",
        "params.width",
    ]
    for number in range(30):
        values = space.values(Guess(number))
        rule, schedule = values["pool.rule"], values["fit.schedule"]
        assert ("params.memory_days" in values) == (rule != "power_channel")
        assert ("params.width" in values) == (rule == "mean_reversion_channel")
        assert ("fit.decay_ratio" in values) == (schedule != "constant")
        if rule == "mean_reversion_channel":
            assert 2 <= float(str(values["params.memory_days"])) <= 9


def test_branches_are_part_of_what_names_a_study() -> None:
    spaces = [
        search("space.fit.schedule=[constant,cosine]", "space.fit.decay_ratio=[10,100]"),
        search("space.fit.schedule.choices={constant:{},cosine:{fit.decay_ratio:[10,100]}}"),
    ]
    written = [{name: spec.to_dict() for name, spec in each.space.items()} for each in spaces]
    assert written[0]["fit.decay_ratio"] == {
        "low": 10,
        "high": 100,
        "log": False,
        "step": None,
        "type": "float",
    }
    assert written[1]["fit.decay_ratio"] == {
        **written[0]["fit.decay_ratio"],
        "when": {"fit.schedule": ["cosine"]},
    }


def test_a_mapping_of_python_is_the_same_space() -> None:
    """``qsim.tune(space={...})`` writes its values as overrides."""
    choices = {"momentum": {"params.memory_days": "declared"}, "power_channel": {}}
    periods = {1440: {}, 60: {"pool.weight_interpolation_period": [30, 60, "int"]}}
    space = search(
        f"space.pool/rule={override_value({'choices': choices})}",
        f"space.pool.chunk_period={override_value({'choices': periods})}",
    ).space
    assert space["params.memory_days"].when == (("pool.rule", ("momentum",)),)
    assert space["pool.weight_interpolation_period"].when == (("pool.chunk_period", (60,)),)


def test_one_branch_may_be_changed_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "space:\n"
        "  pool/rule:\n"
        "    choices:\n"
        "      momentum: {params.memory_days: [2, 9]}\n"
        "      power_channel: {params: {exponent: [1, 2]}, params.k_per_day: declared}\n"
        "  pool.chunk_period:\n"
        "    choices: {1440: , 60: {pool.weight_interpolation_period.choices: [60]}}\n"
    )
    conf = f"conf={tmp_path / 'mine.yaml'}"
    space = search(conf, "space.pool.rule.choices.momentum.params.memory_days.high=20").space
    assert str(space["params.memory_days"]) == "2 to 20"
    assert str(space["params.exponent"]) == "1 to 2"
    assert space["pool.weight_interpolation_period"].when == (("pool.chunk_period", (60,)),)
    less = search(conf, "space.pool/rule=[momentum,power_channel]").space
    assert set(less) == {"pool.rule", "pool.chunk_period", "pool.weight_interpolation_period"}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["space.scoring.riskless=[0,0.1]"], "space.scoring.riskless: is what all trials are"),
        (
            ["params.width=1", "space.pool.rule=[mean_reversion_channel,momentum]"],
            "space.pool.rule: momentum: params.width: this pool has no such parameter",
        ),
        (
            ["params.log_k=3", "space.params.k_per_day=[1,10]"],
            "params.k_per_day: params.log_k is given too",
        ),
        (["space.params.memory_days=[-3,10]"], "space.params.memory_days: -3 is not zero or more"),
        (
            ["space.fees=[none]", "space.fees.fee=[0,0.1]"],
            "space.fees.fee: is 0.1, but fees=none has no frictions",
        ),
        (
            ["space.fit.choices={sgd:{fit.weight_decay:[0,1]},adamw:{}}"],
            "space.fit.choices.sgd.fit.weight_decay: no such setting of sgd",
        ),
        (
            ["space.pool.rule.choices={momentum:{params.width:[1,2]}}"],
            "space.pool.rule.choices.momentum.params.width: the pool has no such parameter",
        ),
        (
            ["space.fit.schedule.choices={constant:{fees:[none,flat]},cosine:{}}"],
            "components are under choices of components only",
        ),
        (
            [BRANCHES[0], "space.pool.rule.choices.momentun.params.k_per_day=declared"],
            "space.pool.rule.choices.momentun: is not among the choices (did you mean 'momentum'?)",
        ),
        (["pool=hodl", "space.params=declared"], "the pool has no parameter that declares a range"),
    ],
)
def test_what_no_trial_could_have_is_refused(words: list[str], error: str) -> None:
    with pytest.raises(ConfigError) as refused:
        search(*words)
    assert error in str(refused.value)


def test_objectives_may_be_searched() -> None:
    space = search("space.objective.periods=[1,4]", "space.objective.joined=[mean,min]")
    assert (
        space.settings({"objective.periods": 3, "objective.joined": "min"}).objective.periods == 3
    )


def test_first_trials_are_values_of_the_space() -> None:
    space = search(*BRANCHES, "space.fit.learning_rate=[0.01,1,log]")
    entries = [
        {"fit.learning_rate": 0.5},
        {"pool/rule": "mean_reversion_channel", "params": {"memory_days": 5}},
        {"params.memory_days": 5},
        {"fit": {"learning_rate": 0.5}},
        {"fit.schedule": "cosine", "fit.decay_ratio": 20},
    ]
    assert space.first(entries) == [
        {"fit.learning_rate": 0.5},
        {
            "pool.rule": "mean_reversion_channel",
            "params.memory_days@mean_reversion_channel": 5,
        },
        {"params.memory_days@momentum": 5, "params.memory_days@mean_reversion_channel": 5},
        {"fit.schedule": "cosine", "fit.decay_ratio": 20},
    ]


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"fit.learning_rat": 1}, "study.first.1: fit.learning_rat is not searched (did you mean"),
        ({"fit.learning_rate": 5}, "fit.learning_rate is 5; the space has 0.01 to 1 (log)"),
        ({"pool.rule": "hodl"}, "pool.rule is hodl; the space has one of momentum, mean_rev"),
        (
            {"pool.rule": "momentum", "params.width": 1},
            "params.width is not searched with pool.rule=momentum",
        ),
        (
            {"pool.rule": "mean_reversion_channel", "params.memory_days": 50},
            "params.memory_days is 50; the space has 2 to 9",
        ),
        ({"fit.schedule": "constant", "fit.decay_ratio": 20}, "with fit.schedule=constant"),
        ("abcdef", "study.first.1 (abcdef): "),
        (1e300, "write the name of the run in quotes"),
    ],
)
def test_a_first_trial_outside_the_space_is_refused(tmp_path: Path, entry: Any, error: str) -> None:
    space = search(*BRANCHES, "space.fit.learning_rate=[0.01,1,log]", f"runs_dir={tmp_path}")
    with pytest.raises(ConfigError) as refused:
        space.first([{"fit.learning_rate": 0.5}, entry])
    assert error in str(refused.value)


def test_stored_runs_are_first_trials() -> None:
    """Their values of the searched settings that are searched under their components, parameters
    in the searched spelling.
    """
    runs = f"runs_dir={ROOT / 'tests/goldens/stored/runs'}"
    space = search(runs, *BRANCHES, "space.fit.learning_rate=[0.01,1,log]")
    values = {
        "pool.rule": "momentum",
        "fit.schedule": "constant",
        "params.memory_days@momentum": 4.0,
        "fit.learning_rate": 0.1,
    }
    other = values | {"fit.learning_rate": 0.02809470467241268}
    assert space.first(["8a5c77", "run_85f059", "e82684"]) == [values, other]
    raw = search(runs, "space.params.log_k=[-1,5]", "space.params.logit_lamb=[-5,9]")
    (trial,) = raw.first(["8a5c77"])
    assert trial["params.log_k"] == -1
    assert list(trial) == ["params.log_k", "params.logit_lamb"]
    assert parameter_values(raw.settings(trial))["params.memory_days"] == pytest.approx(4)
    narrow = search(runs, "space.fit.learning_rate=[0.2,1]", "space.fit.seed=[0,9]")
    with pytest.raises(ConfigError) as refused:
        narrow.first(["8a5c77"])
    assert str(refused.value) == (
        "study.first.0 (8a5c77): fit.learning_rate is 0.1; the space has 0.2 to 1"
    )


def test_a_grid_has_every_combination_once() -> None:
    space = search(*BRANCHES)
    points = list(space.grid(3))
    assert len(points) == (3 + 3 * 3 + 1) * (1 + 3 + 3)
    assert len(set(map(canonical, points))) == len(points)
    for values in points[::10]:
        space.settings(values)
