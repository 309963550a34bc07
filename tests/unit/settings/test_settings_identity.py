"""What names a run, and what does not."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from quantamm_cli.config.components import load_components
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.settings.digest import canonical, sha256
from quantamm_cli.settings.run import Simulate, Train

load_components()

GOLDEN = "6bcbf25feab3aa7a701968b4f43b7ec0a2a4766988a9ef6cdf08fbd0515f7ee6"
"""Of ``qsim train`` without a word. It changes only together with what a run computes or
with the schema's number.
"""
PRINT = """
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.compose import Composer
from quantamm_cli.settings.run import Train
print(read_settings(Train, Composer("train").tree()).fingerprint)
"""


@cache
def composed(*choices: str) -> DictConfig:
    """Composing takes its time: once for each choice of groups."""
    return OmegaConf.create(Composer("train", choices).tree())


def tree(overrides: tuple[str, ...]) -> dict[str, Any]:
    """What ``train`` and ``simulate`` read after these overrides."""
    choices = [
        word
        for word in overrides
        if word.partition("=")[0] in ("data", "fees", "fit", "metric", "pool")
    ]
    numbers = OmegaConf.from_dotlist([word for word in overrides if word not in choices])
    found: Any = OmegaConf.to_container(OmegaConf.merge(composed(*choices), numbers), resolve=True)
    return found


def train(*overrides: str) -> Train:
    return read_settings(Train, tree(overrides))


def simulate(*overrides: str) -> Simulate:
    return read_settings(Simulate, tree(overrides))


def test_the_default_run_has_the_name_it_always_had() -> None:
    """The golden digest: runs on disk are found again."""
    assert train().fingerprint == GOLDEN


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu"},
        {
            "PYTHONHASHSEED": "4294967295",
            "TZ": "America/St_Johns",
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
        },
    ],
    ids=lambda told: told["TZ"],
)
def test_other_processes_zones_and_hash_seeds_give_the_same_name(
    surroundings: dict[str, str], root: Path, tmp_path: Path
) -> None:
    """A fingerprint depends on nothing but the settings."""
    told = os.environ | surroundings | {"PYTHONPATH": str(root)}
    found = subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=tmp_path,
        env=told,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert found.stdout.strip() == GOLDEN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("initial_pool_value=1000", "initial_pool_value=1000.0"),
        ("initial_pool_value=1000", "initial_pool_value=1e3"),
        ("fit.steps=1000", "fit.steps=1e3"),
        ("fit.noise_scale=0", "fit.noise_scale=0.0"),
        ("start='2023-01-01'", "start='2023-01-01T00:00'"),
        ("fees=none", "fees.fee=0"),
    ],
)
def test_one_number_has_one_name(one: str, other: str) -> None:
    """However it is written."""
    assert train(one).fingerprint == train(other).fingerprint


@pytest.mark.parametrize("override", ["params.k_per_day=20", "params.memory_days=[10,20,30]"])
def test_parameters_given_name_the_run(override: str) -> None:
    """And a whole number there is the float it stands for."""
    assert train(override).fingerprint != train().fingerprint
    assert train("params.k_per_day=20").fingerprint == train("params.k_per_day=20.0").fingerprint


@pytest.mark.parametrize(
    "override",
    ["runs_dir=elsewhere", "plugins=[]", "output.every=60", "runs_dir=${oc.env:HOME}/runs"],
)
def test_labels_and_places_do_not_name_the_run(override: str) -> None:
    """Where results go and how many rows are written is not what was computed."""
    assert train(override).fingerprint == train().fingerprint
    assert simulate(override).fingerprint == simulate().fingerprint


def test_where_files_are_does_not_name_the_run() -> None:
    """The folder of the prices and the file of the fees may move;
    their content is kept elsewhere.
    """
    assert (
        train("data=parquet", "data.dir=/a").fingerprint
        == train("data=parquet", "data.dir=/b").fingerprint
    )
    assert (
        train("fees=recorded", "fees.file=a.csv").fingerprint
        == train("fees=recorded", "fees.file=b.csv").fingerprint
    )
    assert (
        train("data=parquet", "data.dir=/a").fingerprint
        != train("data=csv", "data.dir=/a").fingerprint
    )


@pytest.mark.parametrize(
    "override",
    [
        "fit.steps=999",
        "fit.seed=1",
        "tokens=[ETH,BTC,USDC]",
        "pool.guard.maximum_change=0.0002",
        "pool.chunk_period=720 pool.weight_interpolation_period=720",
        "metric=returns",
        "metric.turnover_penalty=0.1",
        "data.seed=1",
        "fees=flat fees.fee=0.003",
        "fees=flat",
        "split.bout_offset=1440",
        "test_end=null",
        "end=2023-05-31",
        "precision=float32",
        "initial_pool_value=1000001",
    ],
)
def test_whatever_changes_the_numbers_changes_the_name(override: str) -> None:
    """Every setting of what is computed."""
    assert train(*override.split(" ")).fingerprint != train().fingerprint


def test_simulate_does_not_hear_of_the_test_period() -> None:
    """``test_end`` names a training, not a simulation; nor do metric, fit and split."""
    assert simulate("test_end=null").fingerprint == simulate().fingerprint
    assert simulate("test_end=2024-01-01").fingerprint == simulate().fingerprint
    assert (
        simulate("metric=returns", "fit=sgd", "split.bout_offset=5").fingerprint
        == simulate().fingerprint
    )
    assert train("test_end=null").fingerprint != train().fingerprint


def test_the_identity_is_plain_and_says_its_schema() -> None:
    """JSON there and back; kinds by name, no module paths."""
    tree: dict[str, Any] = train().identity()
    assert tree["schema"] == 1
    assert tree["pool"]["rule"]["kind"] == "momentum"
    assert sha256(json.loads(canonical(tree))) == train().fingerprint
    assert "quantamm_cli" not in canonical(tree)


def test_the_canonical_text_is_sorted_ascii_without_spaces() -> None:
    """Shortest floats; what is no number has no text."""
    assert (
        canonical({"b": 0.1, "a": [1e-5, 1e22, "é"], "c": None})
        == '{"a":[1e-05,1e+22,"\\u00e9"],"b":0.1,"c":null}'
    )
    for value in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(ValueError, match="JSON"):
            canonical({"a": value})
