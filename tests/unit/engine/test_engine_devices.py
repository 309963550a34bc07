"""Sets and windows over devices: how they are cut, and that a training finds
the numbers of one device.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax.sharding import Mesh

from quantamm_cli.engine.devices import layout, mean_over_windows
from quantamm_cli.engine.objective import Gain

COUNT = st.integers(1, 24)
TOY = (
    "tokens=[BTC,ETH]",
    "start=2021-03-01",
    "end=2021-03-03",
    "test_end=null",
    "data.burn_in_days=3",
    "split.bout_offset=720",
)
SMALL = (
    "metric=returns",
    "split.selection_metric=returns",
    "fit.steps=2",
    "fit.parameter_sets=2",
    "fit.batch_size=2",
)
FEE = ("fees=flat", "fees.fee=0.003")
CASES = {
    "by days, compiled": ["fees.executor=compiled"],
    "by minutes, scan": ["metric=sharpe", "metric.turnover_penalty=1", "fees.executor=scan"],
    "three sets, fee, compiled": [*FEE, "fees.executor=compiled", "fit.parameter_sets=3"],
    "fee, scan": [
        *FEE,
        "fees.executor=scan",
        "fees.arb_frequency=5",
    ],  # its rounding adds up over trades: fewer of them
}
THREE = "three sets, fee, compiled"
SHARES = {
    1: {name: [2, 2] for name in CASES} | {THREE: [3, 2]},
    2: {"by days, compiled": [1, 2], THREE: [3, 1]},
    4: {name: [1, 1] for name in CASES} | {THREE: [1, 2]},
}
"""Sets and windows of one device, by how many devices there are:
two cut one of them, four may cut both.
"""

PROGRAM = f"""
import json
from dataclasses import replace
from unittest import mock
import jax
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
from quantamm_cli.config.read import read_settings
from quantamm_cli.workflows.data import load_market
from quantamm_cli.config.compose import Composer
from quantamm_cli.workflows.training_run import training_problem
from quantamm_cli.settings.run import Train
from quantamm_cli.training import gradient_step as loop
from quantamm_cli.training.fit import fit

ascent, share, compiled = loop.ascent, [], []
everything, shares = jax.local_devices(), {SHARES!r}
assert len(everything) == max(shares)

def count(name, _, **more):
    compiled.append(name.endswith("backend_compile_duration"))

jax.monitoring.register_event_duration_secs_listener(count)

def watched(aim, weights, pool, params, feed, starts):
    share[:] = len(params["log_k"]), len(starts)
    return ascent(aim, weights, pool, params, feed, starts)

def trained(problem, begun):
    steps, values = fit(problem, begun), []
    for entry in range(3):
        with jax.transfer_guard_device_to_device("disallow" if entry else "allow"):
            compiled.clear()
            report, progress = next(steps)
        values += jax.tree.leaves((report.objective, report.metrics, report.params))
    left = jax.tree.leaves((progress.params, progress.optimiser))
    values = [value.tolist() for value in values + left]
    devices = [len(leaf.sharding.device_set) for leaf in left]
    return {{"values": values, "share": share[:], "devices": devices, "compiled": sum(compiled)}}

loop.ascent, found = watched, {{devices: {{}} for devices in shares}}
for name, words in {CASES!r}.items():
    settings = read_settings(Train, Composer("train", [*{(*TOY, *SMALL)!r}, *words]).tree())
    problem, begun, _ = training_problem(settings, load_market(settings, settings.end))
    problem = replace(problem, tracked=(problem.aim.metric, "returns", "returns_over_hodl"))
    for devices in shares:
        if name in shares[devices]:
            with mock.patch.object(jax, "local_devices", return_value=everything[:devices]):
                found[devices][name] = trained(problem, begun)
print(json.dumps(found))
"""


def trained() -> dict[int, dict[str, dict[str, Any]]]:
    """Three entries of every case, by how many of its devices a process of four may use."""
    told = os.environ | {
        "XLA_FLAGS": (
            f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count={max(SHARES)}"
        )
    }
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=told,
        cwd=root,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return {int(devices): cases for devices, cases in json.loads(done.stdout).items()}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(COUNT, COUNT, COUNT)
def test_work_is_cut_evenly_for_as_many_devices_as_possible(
    devices: int, sets: int, windows: int
) -> None:
    """Both cuts divide; no other even cut uses more devices, nor as
    many with more parts of sets.
    """
    a, b = layout(devices, sets, windows)
    assert sets % a == windows % b == 0 and a * b <= devices
    for other in ((c, d) for c in range(1, sets + 1) for d in range(1, windows + 1)):
        if sets % other[0] == windows % other[1] == 0 and other[0] * other[1] <= devices:
            assert (other[0] * other[1], other[0]) <= (a * b, a)


def test_one_device_is_not_cut() -> None:
    """Whatever the work."""
    assert layout(1, 4, 8) == (1, 1)


def test_training_on_many_devices_finds_the_numbers_of_one() -> None:
    """Objectives, metrics, parameters and the optimiser's state; each device has its share, no step
    moves the feed or compiles anew.
    """
    found = trained()
    for devices, shares in SHARES.items():
        assert set(found[devices]) == set(shares)
        for name, told in found[devices].items():
            assert told["share"] == shares[name], (devices, name)
            assert set(told["devices"]) == {np.prod(SHARES[1][name]) // np.prod(told["share"])}, (
                devices,
                name,
            )
            assert told["compiled"] == 0, (devices, name)
            for value, expected in zip(
                told["values"], found[1][name]["values"], strict=True
            ):  # returns are ratios less one
                np.testing.assert_allclose(
                    value, expected, rtol=1e-12, atol=1e-12, err_msg=f"{devices}: {name}"
                )


def test_devices_count_by_their_windows() -> None:
    """Two devices with three windows and one: the mean of four; one without any does not count;
    without any window there is no objective, and the slope is zero.
    """
    mesh = Mesh(np.array([jax.local_devices()[:1] * 2]), ("sets", "windows"))
    windows = jnp.asarray([[3.0, 2.0, 0.0, 4.0], [1.0, 0.0, 0.0, 4.0]])
    values = jnp.asarray([[1.0, 5.0, np.nan, 2.0], [9.0, np.nan, np.nan, 8.0]])
    slopes = {"k": jnp.nan_to_num(values)[..., None] * jnp.asarray([1.0, -2.0])}

    def joined(*columns: Any) -> Any:
        return mean_over_windows(mesh, Gain(*columns[:2]), columns[2])

    gain, slope = jax.vmap(joined, axis_name="windows")(values, windows, slopes)
    expected = np.array([3.0, 5.0, np.nan, 5.0])
    np.testing.assert_allclose(gain.value, np.stack([expected] * 2))
    np.testing.assert_array_equal(gain.windows, [[4, 2, 0, 8]] * 2)
    wanted = np.nan_to_num(expected)[:, None] * [1, -2]
    np.testing.assert_allclose(slope["k"], np.stack([wanted] * 2))
