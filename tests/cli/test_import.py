"""``qsim runs import``: results of quantammsim, made by hand from their documented format."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference_result import FIT, SETTINGS, entry, metrics, write
from toy import Call

from quantamm_cli.config.components import load_components
from quantamm_cli.config.quantammsim_settings import translated

load_components()


def changed(**more: Any) -> dict[str, Any]:
    fit = {
        name.removeprefix("fit_"): value for name, value in more.items() if name.startswith("fit_")
    }
    return (
        SETTINGS
        | {name: value for name, value in more.items() if not name.startswith("fit_")}
        | {"optimisation_settings": FIT | fit}
    )


def test_a_result_becomes_a_run(tmp_path: Path, call: Call) -> None:
    file = write(tmp_path, SETTINGS, *map(entry, range(3)))
    (told,) = call("runs", "import", file, "--json").json["imported"]
    assert (told["status"], told["entries"]) == ("new", 3)
    assert told["notes"] == ["tokens: in alphabetical order, as quantammsim has them: BTC, ETH"]
    document = json.loads((tmp_path / told["files"]["checkpoint"]).read_text())
    settings = document["settings"]
    assert settings["tokens"] == ["BTC", "ETH"]
    assert (settings["start"], settings["end"], settings["test_end"]) == (
        "2021-01-08",
        "2021-01-24",
        "2021-01-28",
    )
    assert (settings["fees"]["kind"], settings["fees"]["fee"]) == ("flat", 0.003)
    assert settings["pool"]["rule"]["kind"] == "momentum"
    assert settings["pool"]["guard"]["minimum_weight"] is None
    assert (
        settings["fit"]["kind"],
        settings["fit"]["steps"],
        settings["fit"]["learning_rate"],
    ) == ("adam", 2, 0.05)
    assert (settings["fit"]["init"], settings["fit"]["clip_norm"]) == ("centred_lhs", None)
    assert settings["split"]["selection_metric"] == "daily_sharpe"
    assert settings["params"] == {
        "k_per_day": 20.0,
        "memory_days": 10.0,
        "initial_weights_logits": 1.0,
    }
    assert settings["data"]["kind"] == "parquet"
    assert document["provenance"]["imported"]["by"] == "quantammsim"
    assert document["provenance"]["imported"]["fingerprint"]["tokens"] == ["ETH", "BTC"]
    last = document["entries"][-1]
    assert last["params"]["log_k"] == [[6.0, None], [3.0, 3.5]]
    np.testing.assert_allclose(last["readable"]["k_per_day"][1], [8, 2**3.5])
    assert last["objective"] == [None, 0.5]
    assert last["metrics"]["train"]["daily_sharpe"] == [None, 3]
    assert last["metrics"]["test"]["sharpe"] == [0.05, 1.1]
    assert last["metrics"]["validation"]["returns"] == [-0.1, 0.1]
    assert (last["learning_rate"], last["since_improvement"]) == (0.05, 2)


def test_the_run_is_used_like_any_other(tmp_path: Path, call: Call) -> None:
    file = write(tmp_path, SETTINGS, *map(entry, range(3)))
    name = call("runs", "import", file, "--json").json["imported"][0]["run"]
    assert call("runs", "verify", "--json").json["sound"] == 1
    assert call("runs", "list", "--json").json["runs"][0]["best"] == 2
    shown = call("runs", "show", name, "--json").json["selections"]
    assert (shown["best_validation"]["step"], shown["best_validation"]["set"]) == (1, 1)
    assert (shown["best_test"]["step"], shown["best_test"]["set"]) == (2, 1)
    told = call(
        "evaluate", "--run", name[4:14], "data=synthetic", "data.burn_in_days=5", "--json"
    ).json
    assert told["selection"] == {"load": "best_validation", "step": 1, "set": 1}
    assert told["params"]["raw"]["logit_lamb"] == [0.5, 1.7]
    given = (
        "params.log_k=[3,3.5]",
        "params.logit_lamb=[0.5,1.7]",
        "tokens=[BTC,ETH]",
        "start=2021-01-08",
        "end=2021-01-24",
    )
    alone = call(
        "simulate", *given, "data.burn_in_days=5", "fees=flat", "fees.fee=0.003", "--json"
    ).json
    assert told["metrics"]["train"]["returns"] != alone["metrics"]["returns"]
    again = call("simulate", "--run", name, "data=synthetic", "data.burn_in_days=5", "--json").json
    assert again["metrics"]["returns"] == pytest.approx(alone["metrics"]["returns"], rel=1e-12)
    assert call("export", name, "--json").json["tokens"] == ["BTC", "ETH"]


def test_the_same_file_twice_is_one_run_and_another_file_another(
    tmp_path: Path, call: Call
) -> None:
    file = write(tmp_path, SETTINGS, entry(0))
    other = write(tmp_path, SETTINGS, entry(0, objective=[1.0, 0.6]), name="other.json")
    first, second, third = call("runs", "import", file, other, file, "--json").json["imported"]
    assert [first["status"], second["status"], third["status"]] == ["new", "new", "reused"]
    assert first["run"] == third["run"] != second["run"]


def test_what_has_no_counterpart_is_said_a_line_each(tmp_path: Path, call: Call) -> None:
    settings = changed(
        mystery=3,
        price_noise_sigma=0.1,
        fit_force_scalar=True,
        fit_method="anneal",
        return_val="reserves",
    )
    told = call(
        "runs",
        "import",
        write(tmp_path, settings, entry(0, strange=[[1.0], [2.0]]), entry(0)),
        "--json",
    )
    notes = told.json["imported"][0]["notes"]
    for said in (
        "mystery: no such setting here; left out",
        (
            "price_noise_sigma: here one factor a chunk, of mean one, in training only; in "
            "quantammsim one a minute, in every pass"
        ),
        "optimisation_settings.force_scalar: True has no counterpart here; left out",
        "optimisation_settings.method: anneal is not a fit here; fit=adam is used",
        "return_val: no metric is called reserves; daily_log_sharpe is used",
        "1 entries were superseded by a later start or resume; left out",
    ):
        assert said in notes
        assert said in told.err
    assert len(notes) == 7


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ({"fit_use_swa": True, "fit_swa_freq": 5}, {"swa_start": 0.75, "swa_every": 5}),
        (
            {"fit_use_plateau_decay": True, "fit_decay_lr_plateau": 30},
            {"plateau_patience": 30, "plateau_factor": 0.8},
        ),
        ({"fit_sample_method": "exponential"}, {"sampling": "exponential"}),
        (
            {"fit_method": "bfgs", "fit_bfgs_settings": {"maxiter": 40}},
            {"kind": "bfgs", "steps": 40, "batch_size": 20},
        ),
        (
            {"fit_method": "cma_es", "fit_cma_es_settings": {"sigma0": 0.2}},
            {"kind": "cma_es", "steps": 300, "sigma0": 0.2},
        ),
        (
            {"fit_method": "optuna", "fit_optuna_settings": {"n_trials": 9}},
            {"kind": "optuna", "steps": 9, "parameter_sets": 1},
        ),
    ],
)
def test_its_ways_of_searching_are_our_fits(there: dict[str, Any], here: dict[str, Any]) -> None:
    """Under our names, with its defaults where the file says nothing."""
    fit = translated(changed(**there), None)[0]["fit"]
    assert {name: fit[name] for name in here} == here


def test_other_spellings_are_stored_as_ours(tmp_path: Path, call: Call) -> None:
    """A channel whose width and amplitude are in powers of two, for all tokens at once."""
    rest = {name: value for name, value in entry(0).items() if name not in ("log_k",)}
    params = {
        "k": [[20.0], [30.0]],
        "raw_width": [[0.0], [1.0]],
        "log_amplitude": [[-1.0], [0.0]],
        "raw_exponents": [[0.0], [0.0]],
    }
    params |= {"logit_pre_exp_scaling": [[0.0], [0.0]]}
    told = call(
        "runs",
        "import",
        write(tmp_path, changed(rule="mean_reversion_channel"), rest | params),
        "--json",
    ).json["imported"][0]
    (stored,) = json.loads((tmp_path / told["files"]["checkpoint"]).read_text())["entries"]
    for name, expected in (
        ("k_per_day", [20, 30]),
        ("width", [1, 2]),
        ("amplitude", [0.5, 1]),
        ("exponent", [1, 1]),
        ("pre_exp_scaling", [0.5, 0.5]),
    ):
        np.testing.assert_allclose(
            stored["readable"][name], np.repeat(np.array(expected)[:, None], 2, axis=1), rtol=1e-12
        )
    assert set(stored["params"]) == {
        "initial_weights_logits",
        "sp_k",
        "logit_lamb",
        "sp_exponents",
        "sp_pre_exp_scaling",
        "sp_amplitude",
        "sp_width",
    }


def test_trials_of_a_search_and_pools_with_numbers_of_their_own(tmp_path: Path, call: Call) -> None:
    trial = {
        "log_k": [4.0, 5.0],
        "logit_lamb": [1.0, 2.0],
        "initial_weights_logits": [0.0, 0.0],
        "optuna_trial_number": 3,
        "objective": 0.4,
    }
    trial |= {
        "train_sharpe": 1.5,
        "validation_sharpe": 1.2,
        "validation_return": 0.1,
        "test_objective": metrics(0.7),
    }
    settings = changed(fit_method="optuna", fit_n_parameter_sets=1, training_method="optuna")
    told = call("runs", "import", write(tmp_path, settings, trial), "--json").json["imported"][0]
    (stored,) = json.loads((tmp_path / told["files"]["checkpoint"]).read_text())["entries"]
    assert stored["step"] == 3
    assert stored["params"]["log_k"] == [[4.0, 5.0]]
    assert stored["metrics"]["validation"] == {"daily_sharpe": [1.2], "returns": [0.1]}
    assert stored["metrics"]["test"]["daily_sharpe"] == [0.7]
    numbers = {
        "price_ratio": [4.0, 5.0],
        "centeredness_margin": [0.2, 0.3],
        "daily_price_shift_base": [1 - 1 / 124_649, 1 - 2 / 124_649],
    }
    rest = {
        name: value
        for name, value in entry(0).items()
        if "log_k" not in name and "lamb" not in name
    }
    told = call(
        "runs", "import", write(tmp_path, changed(rule="reclamm"), rest | numbers), "--json"
    ).json["imported"][0]
    (stored,) = json.loads((tmp_path / told["files"]["checkpoint"]).read_text())["entries"]
    np.testing.assert_allclose(stored["readable"]["shift_exponent"], [[1], [2]], rtol=1e-9)
    np.testing.assert_allclose(stored["readable"]["price_ratio"], [[4], [5]], rtol=1e-9)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rule": "momentun"}, "no pool/rule is called 'momentun' (did you mean 'momentum'?"),
        (
            {"rule": "magic__momentum"},
            "rule: magic__momentum: there is no counterpart of magic here",
        ),
        ({"tokens": "BTC"}, "tokens: 'BTC' is not a list of tickers"),
        ({"tokens": ["BTC"]}, "a pool holds 2 to 8"),
        ({"startDateString": "yesterday"}, "start: 'yesterday' is not a date"),
        ({"fees": 1.5}, "fees.fee: 1.5 is not below 1"),
        ({"fit_early_stopping_metric": "luck"}, "no metric is called luck"),
        ({"initial_k_per_day": -3}, "params.k_per_day: -3 is not zero or more"),
        (
            {"rule": "power_channel"},
            "has no values of exponent and pre_exp_scaling, which this pool needs",
        ),
    ],
    ids=str,
)
def test_what_a_run_cannot_do_without_is_refused(
    settings: dict[str, Any], said: str, tmp_path: Path, call: Call
) -> None:
    file = write(tmp_path, changed(**settings), entry(0))
    call("runs", "import", file).one_line(4, "run_x.json", said)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"log_k": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]},
            "entry of step 0 cannot be read: params.log_k: has 2 x 3 numbers",
        ),
        ({"log_k": "x"}, "entry of step 0 cannot be read"),
        ({"objective": [1.0, 2.0, 3.0]}, "entry of step 0 cannot be read"),
        ({"sp_k": [[1.0, 2.0], [1.0, 2.0]]}, "they are one parameter, give one"),
    ],
    ids=str,
)
def test_entries_that_do_not_fit_are_refused(
    more: dict[str, Any], said: str, tmp_path: Path, call: Call
) -> None:
    call("runs", "import", write(tmp_path, SETTINGS, entry(0, **more))).one_line(
        4, "run_x.json", said
    )


def test_wrong_words_and_damaged_files_are_one_line(tmp_path: Path, call: Call) -> None:
    call("runs", "import").one_line(2, "expected one or more result files of quantammsim")
    call("runs", "import", "none.json").one_line(4, "none.json: cannot be read")
    file = tmp_path / write(tmp_path, SETTINGS, entry(0))
    file.write_bytes(file.read_bytes()[:-40])
    call("runs", "import", file.name).one_line(4, "run_x.json: was cut or altered")
    file.write_text("[]")
    call("runs", "import", file.name).one_line(4, "not a list of settings and entries")
    assert not (tmp_path / "runs").exists()
