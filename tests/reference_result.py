"""A result file of quantammsim, made by hand from its documented format."""

import json
from pathlib import Path
from typing import Any

DATES = {
    "startDateString": "2021-01-08 00:00:00",
    "endDateString": "2021-01-24 00:00:00",
    "endTestDateString": "2021-01-28 00:00:00",
}
FIT = {
    "method": "gradient_descent", "optimiser": "adam", "base_lr": 0.05, "n_iterations": 2,
    "n_parameter_sets": 2, "noise_scale": 0.1, "val_fraction": 0.2,
    "early_stopping_metric": "sharpe", "initial_random_key": 0,
    "parameter_init_method": "centered_lhs", "use_gradient_clipping": False,
    "optuna_settings": {"n_trials": 20, "parameter_config": {"log_k": {"low": -10, "high": 10}}},
}  # fmt: skip
SETTINGS = DATES | {
    "tokens": ["ETH", "BTC"], "rule": "momentum", "bout_offset": 1440,
    "initial_memory_length": 10.0, "initial_k_per_day": 20, "initial_weights_logits": 1.0,
    "initial_pool_value": 1000000.0, "maximum_change": 3e-4, "chunk_period": 1440, "freq": "minute",
    "weight_interpolation_period": 1440, "return_val": "daily_log_sharpe", "fees": 0.003,
    "gas_cost": 0.0, "minimum_weight": None, "arb_frequency": 1, "do_arb": True,
    "max_memory_days": 365, "use_alt_lamb": False, "alphabetic": True, "subsidary_pools": [],
    "optimisation_settings": FIT,
}  # fmt: skip


def metrics(score: float) -> dict[str, Any]:
    return {
        "sharpe": score,
        "jax_sharpe": score / 2,
        "daily_log_sharpe": score + 0.1,
        "return": score / 10,
        "daily_returns": [0.1, score],
    }


def entry(step: int, **more: Any) -> dict[str, Any]:
    """Set 0 diverges at step 2 in one asset; set 1 is best on validation at step 1."""
    found = {
        "log_k": [[4.0 + step, float("nan") if step == 2 else 4.1], [3.0, 3.5]],
        "logit_lamb": [[1.0, 1.5], [0.5, 0.7 + step]],
        "logit_delta_lamb": [[0.0, 0.0], [0.0, 0.0]],
        "initial_weights_logits": [[1.0, 1.0], [1.0, 1.0]],
        "subsidary_params": [],
        "step": step,
        "train_objective": [metrics(float("nan") if step == 2 else 1 + step), metrics(3)],
        "validation_metrics": [metrics(-1), metrics(2 - abs(step - 1))],
        "test_objective": [metrics(0.1), metrics(0.2 + step)],
        "continuous_test_metrics": [metrics(0.1), metrics(0.2 + step)],
        "objective": [float("nan") if step == 2 else 1.0 + step, 0.5],
        "hessian_trace": 0,
        "local_learning_rate": 0.05,
        "iterations_since_improvement": step,
    }
    return found | more


def write(
    folder: Path, settings: dict[str, Any], *entries: dict[str, Any], name: str = "run_x.json"
) -> str:
    (folder / name).write_text(json.dumps(json.dumps([settings, *entries], indent=4)))
    return name
