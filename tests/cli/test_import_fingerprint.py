"""``qsim config import``: fingerprints of quantammsim become files of settings."""

import json
from pathlib import Path
from typing import Any

import pytest
from reference_result import SETTINGS, entry, write
from toy import Call

import quantamm_cli as qsim
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.experiment import Experiments

BOUNDS = {"min_weights_per_asset": [0.1, 0.2], "max_weights_per_asset": [0.7, 0.8]}


def saved(folder: Path, fingerprint: dict[str, Any]) -> str:
    (folder / "fp.json").write_text(json.dumps(fingerprint))
    return "fp.json"


def test_a_fingerprint_is_the_settings_of_the_run_it_made(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The printed file gives the settings that ``runs import`` gives its result."""
    imported = call("config", "import", saved(tmp_path, SETTINGS))
    (tmp_path / "mine.yaml").write_text(imported.out)
    assert imported.out.startswith("# @package _global_\n# settings of quantammsim in fp.json\n")
    monkeypatch.chdir(tmp_path)
    planned = qsim.compose("train", "conf=mine.yaml", "data.dir=.").training().identity()
    result = write(tmp_path, SETTINGS, entry(0))
    made = call("runs", "import", result, "--json").json["imported"][0]
    document = json.loads((tmp_path / made["files"]["checkpoint"]).read_text())
    assert planned == {name: document["settings"][name] for name in planned}
    again = call("config", "import", result, "--json").json
    assert again["config"] == call("config", "import", "fp.json", "--json").json["config"]
    assert again["notes"] == made["notes"]


@pytest.mark.parametrize(
    ("fingerprint", "kinds"),
    [
        ({"rule": "power_channel"}, {"rule": "power_channel", "fees": "none"}),
        ({"rule": "lvr__balancer", "fees": 0.003}, {"base": "balancer", "fees": "flat"}),
        (
            {"rule": "rvr__bounded__momentum", "learnable_bounds_settings": BOUNDS},
            {"base": "temporal", "guard": "per_asset"},
        ),
        ({"rule": "ensemble__min_variance"}, {"rule": "ensemble", "of": "min_variance"}),
        (
            {"rule": "reclamm", "optimisation_settings": {"method": "cma_es"}},
            {"pool": "reclamm", "fit": "cma_es"},
        ),
    ],
    ids=lambda value: value.get("rule"),
)
def test_a_partial_fingerprint_is_completed_as_quantammsim_does(
    fingerprint: dict[str, Any], kinds: dict[str, str], tmp_path: Path, call: Call
) -> None:
    file = saved(tmp_path, fingerprint | {"tokens": ["BTC", "ETH"]})
    imported = call("config", "import", file)
    assert "startDateString: not given; quantammsim's 2023-01-01 00:00:00 is used" in imported.err
    (tmp_path / "mine.yaml").write_text(imported.out)
    assert call("config", "validate", "conf=mine.yaml").out.startswith("valid")
    tree = call("config", "show", "conf=mine.yaml", "--json").json["config"]
    assert (tree["start"], tree["end"], tree["test_end"]) == ("2023-01-01", "2023-06-01", None)
    pool = tree["pool"].get("base", tree["pool"])
    seen = {
        "pool": tree["pool"]["kind"],
        "base": pool["kind"],
        "rule": pool.get("rule", {}).get("kind"),
        "of": pool.get("rule", {}).get("rule", {}).get("kind"),
        "guard": pool.get("guard", {}).get("kind"),
        "fees": tree["fees"]["kind"],
        "fit": tree["fit"]["kind"],
    }
    assert seen == seen | kinds


def test_what_is_no_fingerprint_is_refused_and_what_is_one_is_directed(
    tmp_path: Path, call: Call
) -> None:
    file = saved(tmp_path, {"tokens": ["BTC", "ETH"], "rule": "hook__momentum"})
    call("config", "import", file).one_line(4, "fp.json: cannot be imported: rule: hook__momentum")
    for command in (("runs", "import", file), ("train", f"conf={file}")):
        refused = call(*command)
        refused.one_line(refused.code, "is a fingerprint", f"qsim config import {file} > mine.yaml")
        assert refused.code in (2, 4)
    (tmp_path / "other.json").write_text('{"name": "other"}')
    call("config", "import", "other.json").one_line(4, "other.json: has no setting of quantammsim")
    call("config", "import", "none.json").one_line(4, "none.json", "cannot be read")
    call("config", "import").one_line(2, "qsim config import FILE.json > mine.yaml")


@pytest.mark.parametrize(
    "words",
    [
        ("pool=lvr", "pool@pool.base=balancer"),
        ("pool/rule=ensemble", "pool/rule@pool.rule.rule=power_channel", "fees=flat"),
        (
            "conf=composite",
            "pool@pool.parts.majors.pool=temporal",
            "pool/rule@pool.parts.majors.pool.rule=power_channel",
        ),
    ],
    ids=("lvr", "ensemble", "composite"),
)
def test_components_within_others_are_written_as_choices(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """What a study writes of its best trial, too."""
    tree = Composer("train", words).tree()
    (tmp_path / "again.yaml").write_text(Experiments().text(tree, ["again"]))
    assert Composer("train", (f"conf={tmp_path}/again.yaml",)).tree() == tree
