"""``qsim show``: the support table, units and parameters, from the code."""

from collections.abc import Iterator
from typing import Any

import pytest
from toy import Call

from quantamm_cli.config.components import load_strategies
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.docstrings import paragraphs
from quantamm_cli.settings.groups import groups

RULES = {
    "momentum": ("changes", []),
    "anti_momentum": ("changes", []),
    "power_channel": ("changes", []),
    "mean_reversion_channel": ("changes", []),
    "triple_threat_mean_reversion_channel": ("changes", []),
    "difference_momentum": ("changes", []),
    "min_variance": ("targets", []),
    "index_market_cap": ("targets", ["supply"]),
}


def test_rules_say_what_they_give_how_they_run_and_what_they_need(call: Call) -> None:
    found = {rule["name"]: rule for rule in call("show", "rules", "--json").json["found"]}
    for name, (says, needs) in RULES.items():
        assert (found[name]["says"], found[name]["needs"]) == (says, needs)
        assert found[name]["runs"] == ["vectorized", "scan", "hybrid", "online"]
        assert found[name]["parameters"]
    head = call("show", "rules").out.splitlines()[0].split()
    assert head == ["name", "says", "runs", "needs", "parameters", "summary"]


def test_one_rule_in_full(call: Call) -> None:
    out = call("show", "rules", "index_market_cap").out
    assert "says: targets" in out
    assert "runs as: vectorized, scan, hybrid, online" in out
    assert "needs the series: supply" in out
    assert "logit_lamb" in out


def test_other_names_of_a_parameter_are_shown(call: Call) -> None:
    (rule,) = call("show", "rules", "power_channel", "--json").json["found"]
    also = {spec["name"]: spec["also"] for spec in rule["parameters"]}
    assert also["k_per_day"] == ["log_k", "k", "absolute_k"]
    assert also["memory_days"] == []


def test_a_metric_has_its_unit(call: Call) -> None:
    assert call("show", "metrics", "calmar").out.startswith("calmar (1/year): ")


@pytest.mark.parametrize(
    ("pool", "names"),
    [
        ("balancer", ["initial_weights"]),
        ("temporal", ["initial_weights", "k_per_day", "memory_days"]),
        ("reclamm", ["price_ratio"]),
        ("given", []),
    ],
)
def test_pools_list_their_parameters(pool: str, names: list[str], call: Call) -> None:
    (found,) = call("show", "pools", pool, "--json").json["found"]
    assert set(names) <= {spec["name"] for spec in found["parameters"]}
    assert bool(names) == bool(found["parameters"])
    out = call("show", "pools", pool).out
    assert all(name in out for name in names)


@pytest.mark.parametrize(("what", "name"), [("guards", "standard"), ("trades", "recorded")])
def test_guards_and_trades(what: str, name: str, call: Call) -> None:
    assert name in {one["name"] for one in call("show", what, "--json").json["found"]}
    assert call("show", what, name).out.startswith(f"{name}: ")


def test_descriptions_do_not_depend_on_where_lines_end_in_the_source(call: Call) -> None:
    """In JSON a paragraph of a docstring is one line; formulas keep theirs."""
    found = {one["name"]: one for one in call("show", "pools", "--json").json["found"]}
    assert found["reclamm"]["text"].count("\n") == 2
    rules = call("show", "rules", "mean_reversion_channel", "--json").json["found"]
    assert rules[0]["text"].count("\n") == 2
    assert paragraphs("One\nline.\n\n$$x =\ny$$") == "One line.\n\n$$x =\ny$$"
    schema = call("config", "schema", "train", "--json").json["schema"]
    kinds = {
        kind["properties"]["kind"]["const"]: kind for kind in schema["properties"]["pool"]["oneOf"]
    }
    assert {name: kind["description"] for name, kind in kinds.items()} == {
        name: one["summary"] for name, one in found.items()
    }
    inner = [text for kind in kinds.values() for text in _descriptions(kind["properties"])]
    assert any("\n\n" in text for text in inner)
    assert not any("\n" in text.replace("\n\n", "") for text in inner if "$$" not in text)


def _descriptions(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if isinstance(tree.get("description"), str):
            yield tree["description"]
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _descriptions(part)


def test_every_group_has_the_word_it_always_had() -> None:
    """Found from the folders of YAML; each is a group that components register in."""
    load_strategies()
    assert groups() == {
        "data": "data",
        "fees": "fees",
        "fits": "fit",
        "guards": "pool/guard",
        "markets": "market",
        "metrics": "metric",
        "objectives": "study/objective",
        "pools": "pool",
        "practices": "practice",
        "pruners": "study/pruner",
        "rules": "pool/rule",
        "samplers": "study/sampler",
        "splits": "split",
        "strategies": "strategy",
        "trades": "trades",
    }
    assert set(groups().values()) <= set(REGISTER)


def test_plots_are_listed_by_what_they_are_of(call: Call) -> None:
    found = call("show", "plots", "--json").json["found"]
    assert {"run.value", "walk.cycles", "competition.edge"} <= {each["name"] for each in found}
    assert all(each["summary"].endswith(".") for each in found)
    assert "did you mean 'run.value'" in call("show", "plots", "run.valu").err
