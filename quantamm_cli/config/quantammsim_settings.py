"""Translates settings of quantammsim into ours, with a note on each that has no counterpart."""

import numpy as np

from quantamm_cli.config import key_validation
from quantamm_cli.config.compose import Composer
from quantamm_cli.errors import ConfigError
from quantamm_cli.metrics import METRICS as KNOWN
from quantamm_cli.settings.json_tree import Json, JsonObject, dotted

POOLS = ("balancer", "hodl", "cow", "gyroscope", "reclamm")
WRAPPERS = ("lvr", "rvr")
METRICS = {"sharpe": "daily_sharpe", "jax_sharpe": "sharpe", "return": "returns"}
"""Metrics that quantammsim's results call otherwise; its ``return_val`` has our names."""
_SAME = {
    "startDateString": "start",
    "endDateString": "end",
    "endTestDateString": "test_end",
    "initial_pool_value": "initial_pool_value",
    "turnover_penalty": "metric.turnover_penalty",
    "bout_offset": "split.bout_offset",
    "arb_frequency": "fees.arb_frequency",
    "do_arb": "fees.do_arb",
    "fees": "fees.fee",
    "arb_fees": "fees.arb_fee",
    "gas_cost": "fees.gas_cost",
    "protocol_fee_split": "fees.protocol_fee_split",
    "noise_trader_ratio": "fees.noise_trader_ratio",
    "optimisation_settings.val_fraction": "split.validation_fraction",
    "optimisation_settings.base_lr": "fit.learning_rate",
    "optimisation_settings.weight_decay": "fit.weight_decay",
    "optimisation_settings.lr_schedule_type": "fit.schedule",
    "optimisation_settings.lr_decay_ratio": "fit.decay_ratio",
    "optimisation_settings.warmup_steps": "fit.warmup_steps",
    "optimisation_settings.batch_size": "fit.batch_size",
    "optimisation_settings.n_iterations": "fit.steps",
    "optimisation_settings.n_parameter_sets": "fit.parameter_sets",
    "optimisation_settings.noise_scale": "fit.noise_scale",
    "optimisation_settings.sample_method": "fit.sampling",
    "optimisation_settings.initial_random_key": "fit.seed",
    "optimisation_settings.early_stopping": "fit.early_stopping",
    "optimisation_settings.early_stopping_patience": "fit.patience",
}
_POOL = {
    "chunk_period": "chunk_period",
    "weight_interpolation_period": "weight_interpolation_period",
    "weight_interpolation_method": "weight_interpolation_method",
    "weight_calculation_method": "weight_calculation_method",
    "max_memory_days": "max_memory_days",
    "arb_quality": "arb_quality",
    "numeraire": "numeraire",
    "maximum_change": "guard.maximum_change",
    "minimum_weight": "guard.minimum_weight",
    "learnable_bounds_settings.min_weights_per_asset": "guard.minimum_weights",
    "learnable_bounds_settings.max_weights_per_asset": "guard.maximum_weights",
    "use_alt_lamb": "rule.use_alt_lamb",
    "use_pre_exp_scaling": "rule.use_pre_exp_scaling",
    "annual_streaming_fee": "rule.annual_streaming_fee",
    "n_ensemble_members": "rule.members",
    "ensemble_init_scale": "rule.apart",
    "reclamm_interpolation_method": "interpolation",
    "reclamm_arc_length_speed": "arc_length_speed",
    "reclamm_centeredness_scaling": "centeredness_scaling",
    "reclamm_learn_fees": "learn_fee",
}
_WITHOUT_COUNTERPART = {
    "do_trades": False,
    "subsidary_pools": [],
    "reclamm_learn_arc_length_speed": False,
    "reclamm_initial_state": None,
    "optimisation_settings.force_scalar": False,
    "optimisation_settings.training_data_kind": "historic",
    "optimisation_settings.per_param_noise_scale": {},
}
"""Settings that we have no counterpart of, with the value under which they do nothing."""
_IGNORED = (
    *("freq", "alphabetic", "training_method", "use_fused_reserves", "checkpoint_fused"),
    *("holdoutEndDateString", "ensemble_init_", "initial_", "reclamm_use_shift_exponent"),
    *("alpha", "beta", "lam", "rotation_angle", "learnable_bounds_settings."),
)
_IGNORED_OPTIMISATION = (
    *("optuna_settings", "bfgs_settings", "cma_es_settings", "include_flipped", "n_cycles"),
    *("min_lr", "decay_lr_", "swa_", "track_checkpoints", "checkpoint_interval", "test_"),
    *("max_mc_version", "train_on_hessian_trace", "evaluation_starts", "initial_random_key"),
)
"""Prefixes of settings that are read elsewhere here, have no effect in quantammsim, or belong to
other fits; the second are those below ``optimisation_settings``.
"""


def translated(settings: JsonObject, config_dir: str | None) -> tuple[dict[str, Json], list[str]]:
    """A composed tree of ``qsim train`` settings, and a note on each setting that was left out.

    Tokens are in alphabetical order, which is quantammsim's order of arrays.

    Raises:
        ConfigError: tokens or a rule without a counterpart.
    """
    flat = {
        name: value
        for name, value in dotted(settings, is_leaf=lambda branch: not branch)
        if not name.startswith("subsidary_pools.")
    }
    notes: list[str] = []
    tokens = settings.get("tokens")
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise ConfigError("tokens", f"{tokens!r} is not a list of tickers")
    place, words = _pool(str(settings["rule"]))
    words += ["data=parquet", f"fees={_fees(flat)}", f"fit={_fit(flat, notes)}"]
    words += _metric(flat, notes)
    ordered = sorted(set(tokens))
    tree: dict[str, Json] = {**Composer("train", tuple(words), config_dir).tree()}
    tree["tokens"] = ordered
    if ordered != tokens:
        notes.append(
            f"tokens: in alphabetical order, as quantammsim has them: {', '.join(ordered)}"
        )
    for name, ours in _SAME.items():
        _take(tree, name, ours, flat, notes)
    for name, ours in _POOL.items():
        _take(tree, name, f"{place}.{ours}", flat, notes)
    _special(tree, place, flat, notes)
    known = {*_SAME, *_POOL, "tokens", "rule", "return_val", *_READ}
    for name, value in flat.items():
        if name in _WITHOUT_COUNTERPART:
            if value not in (_WITHOUT_COUNTERPART[name], None):
                notes.append(f"{name}: {value} has no counterpart here; left out")
        elif not (name in known or _is_ignored(name) or value == {}):
            notes.append(f"{name}: no such setting here; left out")
    return tree, notes


def _is_ignored(name: str) -> bool:
    inner = name.removeprefix("optimisation_settings.")
    return name.startswith(_IGNORED) or (inner != name and inner.startswith(_IGNORED_OPTIMISATION))


def _pool(rule: str) -> tuple[str, list[str]]:
    """The place of the pool's own settings, and the overrides that choose its components."""
    *hooks, base = rule.split("__")
    unknown = [hook for hook in hooks if hook not in (*WRAPPERS, "bounded", "ensemble")]
    wrapper = [hook for hook in hooks if hook in WRAPPERS]
    if unknown or len(wrapper) > 1:
        names = ", ".join(unknown or wrapper)
        raise ConfigError("rule", f"{rule}: there is no counterpart of {names} here")
    if wrapper:
        place, words = "pool.base", [f"pool={wrapper[0]}"]
        group, rule_group = "pool@pool.base", "pool/rule@pool.base.rule"
        guard_group = "pool/guard@pool.base.guard"
    else:
        place, words = "pool", []
        group, rule_group, guard_group = "pool", "pool/rule", "pool/guard"
    if base in POOLS:
        return place, [*words, f"{group}={base}"]
    words.append(f"{group}=temporal")
    if "ensemble" in hooks:
        words += [f"{rule_group}=ensemble", f"pool/rule@{place}.rule.rule={base}"]
    else:
        words.append(f"{rule_group}={base}")
    if "bounded" in hooks:
        words.append(f"{guard_group}=per_asset")
    return place, words


_FEES = ("fees", "arb_fees", "gas_cost", "protocol_fee_split", "noise_trader_ratio")


def _fees(flat: JsonObject) -> str:
    return "flat" if any(map(flat.get, _FEES)) else "none"


_SEARCHES = {
    "bfgs": {"maxiter": "steps", "tol": "tolerance", "n_evaluation_points": "batch_size"},
    "cma_es": {
        "n_generations": "steps",
        "tol": "tolerance",
        "n_evaluation_points": "batch_size",
        "population_size": "population",
        "sigma0": "sigma0",
    },
    "optuna": {"n_trials": "steps", "n_startup_trials": "startup_trials"},
}
"""Settings of its other fits, by method, under the names of ours."""
_READ = (
    *("cap_weights", "price_noise_sigma", "ste_max_change", "ste_min_max_weight"),
    "optimisation_settings.use_plateau_decay",
    "optimisation_settings.use_swa",
    "optimisation_settings.method",
    "optimisation_settings.optimiser",
    "optimisation_settings.parameter_init_method",
    "optimisation_settings.use_gradient_clipping",
    "optimisation_settings.clip_norm",
    "optimisation_settings.early_stopping_metric",
)
"""Settings that the functions below read."""


def _fit(flat: JsonObject, notes: list[str]) -> str:
    method = str(flat.get("optimisation_settings.method", "gradient_descent"))
    optimiser = str(flat.get("optimisation_settings.optimiser", "adamw"))
    if method in _SEARCHES:
        return method
    if method != "gradient_descent":
        notes.append(
            f"optimisation_settings.method: {method} is not a fit here; fit={optimiser} is used"
        )
    return optimiser


def _metric(flat: JsonObject, notes: list[str]) -> list[str]:
    name = flat.get("return_val", "daily_log_sharpe")
    if name in KNOWN:
        return [f"metric='{name}'"]
    notes.append(f"return_val: no metric is called {name}; daily_log_sharpe is used")
    return []


def _take(tree: dict[str, Json], name: str, ours: str, flat: JsonObject, notes: list[str]) -> None:
    """Sets one setting under our name.

    If the chosen components have no such setting, it had no effect in quantammsim either.
    """
    *path, last = ours.split(".")
    node = key_validation.lookup(tree, path)
    if name not in flat or not isinstance(node, dict) or last not in node:
        return
    if flat[name] is not None or node[last] is None or name == "endTestDateString":
        node[last] = flat[name]
        return
    notes.append(f"{name}: null stands for quantammsim's default; {node[last]} is used")


def _special(tree: dict[str, Json], place: str, flat: JsonObject, notes: list[str]) -> None:
    """Sets what is not one setting under another name."""
    fit, split, fees, outer, pool = (
        key_validation.lookup(tree, path.split("."))
        for path in ("fit", "split", "fees", "pool", place)
    )
    if "clip_norm" in fit:
        _gradient(fit, flat, notes)
    else:
        _search(fit, flat)
    init = flat.get("optimisation_settings.parameter_init_method", "gaussian")
    fit["init"] = "centred_lhs" if init == "centered_lhs" else init
    selects = str(flat.get("optimisation_settings.early_stopping_metric", "daily_log_sharpe"))
    split["selection_metric"] = METRICS.get(selects, selects)
    if split["selection_metric"] not in KNOWN:
        raise ConfigError(
            "optimisation_settings.early_stopping_metric", f"no metric is called {selects}"
        )
    guard = pool.get("guard", {})
    if "straight_through" in guard:
        straight = flat.get("ste_max_change") or flat.get("ste_min_max_weight")
        guard["straight_through"] = bool(straight)
    if "learn" in guard:
        guard["learn"] = not flat.get("learnable_bounds_settings.freeze_bounds", False)
    if "cap_weight" in pool.get("rule", {}) and flat.get("cap_weights") is not None:
        caps = np.unique(np.asarray(flat["cap_weights"]))
        pool["rule"]["cap_weight"] = float(caps.max())
        if len(caps) > 1:
            notes.append(f"cap_weights: here one for all tokens; {caps.max():g} is used")
    if pool["kind"] == "gyroscope":
        pool["reference_price"] = 1.0
    if outer["kind"] in WRAPPERS:
        outer["cost"], fees["fee"] = flat.get("fees", 0.0), 0.0


def _gradient(fit: dict[str, Json], flat: JsonObject, notes: list[str]) -> None:
    """Sets what several settings of quantammsim define together, and the noise on prices."""
    settings = {name.removeprefix("optimisation_settings."): value for name, value in flat.items()}
    fit["clip_norm"] = None
    if settings.get("use_gradient_clipping", True):
        fit["clip_norm"] = settings.get("clip_norm", 10.0)
    if settings.get("use_plateau_decay"):
        fit["plateau_patience"] = settings.get("decay_lr_plateau", 100)
        fit["plateau_factor"] = settings.get("decay_lr_ratio", 0.8)
    if settings.get("use_swa"):
        fit["swa_start"] = settings.get("swa_start_frac", 0.75)
        fit["swa_every"] = settings.get("swa_freq", 10)
    if settings.get("price_noise_sigma"):
        fit["price_noise"] = settings["price_noise_sigma"]
        notes.append(
            "price_noise_sigma: here one factor a chunk, of mean one, in training only; in "
            "quantammsim one a minute, in every pass"
        )


def _search(fit: dict[str, Json], flat: JsonObject) -> None:
    """Sets the steps and windows of its other fits; Optuna has one trial at a time."""
    kind = str(fit["kind"])
    fit |= {"steps": {"bfgs": 100, "cma_es": 300, "optuna": 20}[kind], "batch_size": 20}
    for name, ours in _SEARCHES[kind].items():
        value = flat.get(f"optimisation_settings.{kind}_settings.{name}")
        if value is not None:
            fit[ours] = value
    if kind == "optuna":
        fit["parameter_sets"] = 1
