"""qsim show and qsim config."""

import json
from pathlib import Path

import pytest
from front_fixtures import CONF, Run

pytest_plugins = ["front_fixtures"]


def test_show_lists_and_describes(here: Path, qsim: Run, app: None) -> None:
    code, out, _ = qsim("show", "fees")
    assert code == 0
    assert "flat" in out
    assert "Frictions that do not change in time." in out
    assert "a fraction: 0.003 is 30 bps" in qsim("show", "fees", "flat")[1]
    said = json.loads(qsim("show", "fees", "flat", "--json")[1])
    assert {
        "name": "fee",
        "default": 0.0,
        "required": False,
        "text": "a fraction: 0.003 is 30 bps",
    } in said["found"][0]["settings"]
    assert "did you mean 'flat'" in qsim("show", "fees", "falt")[2]


def test_show_experiments_reads_their_first_lines(here: Path, qsim: Run) -> None:
    assert "train, 5 s: a channel" in qsim("show", "experiments")[1]


def test_config_show_and_diff(here: Path, qsim: Run) -> None:
    code, out, _ = qsim("config", "show", "simulate", "fees.fee=0.1")
    assert code == 0
    assert "fee: 0.1" in out
    said = json.loads(qsim("config", "diff", "default", "mom", "--json")[1])
    assert said["differences"]["fees.arb_frequency"] == [1, 2]
    assert qsim("config", "diff", "mom", "mom")[1] == "no difference\n"
    Path("run.json").write_text('{"settings": {"start": "2000-01-01"}}')
    assert json.loads(qsim("config", "diff", "default", "run.json", "--json")[1])["differences"][
        "start"
    ] == ["2023-01-01", "2000-01-01"]
    Path("bad.json").write_text("[")
    assert qsim("config", "diff", "default", "bad.json")[0] == 2
    assert "did you mean 'train'" in qsim("config", "show", "trian")[2]


def test_config_init_overwrites_nothing(here: Path, qsim: Run, tmp_path: Path) -> None:
    Path("mine/fees").mkdir(parents=True)
    Path("mine/fees/flat.yaml").write_text("mine")
    said = json.loads(qsim("config", "init", "mine", "--json")[1])
    assert said["kept"] == ["mine/fees/flat.yaml"]
    assert Path("mine/fees/flat.yaml").read_text() == "mine"
    assert Path("mine/base.yaml").read_bytes() == (CONF / "base.yaml").read_bytes()
    assert json.loads(qsim("config", "init", str(CONF), "--json")[1])["copied"] == []


def test_config_schema_has_one_object_per_kind(here: Path, qsim: Run, app: None) -> None:
    schema = json.loads(qsim("config", "schema", "--json")[1])["schema"]
    kinds = [
        choice["properties"]["kind"]["const"] for choice in schema["properties"]["fees"]["oneOf"]
    ]
    assert {"flat", "none", "recorded"} <= set(kinds)
    assert schema["additionalProperties"] is False
    assert json.loads(qsim("config", "schema", "simulate")[1])["title"] == "qsim simulate"


def test_the_yaml_of_fees_and_split_lists_every_field_with_its_default() -> None:
    import yaml

    from quantamm_cli.config.components import load_components
    from quantamm_cli.settings.component import REGISTER
    from quantamm_cli.settings.run import Holdout

    load_components()
    kinds = [path.stem for path in (CONF / "fees").glob("*.yaml")]
    for cls in (*(REGISTER["fees"][kind] for kind in kinds), Holdout):
        tree = yaml.safe_load((CONF / cls.group / f"{cls.kind}.yaml").read_text())
        assert tree == {"kind": cls.kind} | {
            name: field.default for name, field in cls.model_fields.items()
        }


def test_the_yaml_of_a_run_has_the_defaults_of_its_settings() -> None:
    import yaml

    from quantamm_cli.settings.digest import plain
    from quantamm_cli.settings.run import Simulate

    tree = yaml.safe_load((CONF / "base.yaml").read_text())
    for name in tree.keys() - {"defaults", "hydra"}:
        default = Simulate.model_fields[name].get_default(call_default_factory=True)
        assert tree[name] == plain(default), name


@pytest.mark.parametrize("command", ["show", "config"])
def test_verbs_are_named(command: str, qsim: Run) -> None:
    assert qsim(command)[0] == 2
