"""What commands show is what workflows return: the same tables,
the same JSON, without a command line.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import toy
from toy import Call

from quantamm_cli.config.components import load_components
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import ConfigError, StoreError
from quantamm_cli.settings.json_tree import finite
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows import components, settings_files, stored_runs
from quantamm_cli.workflows.evaluate import choose
from quantamm_cli.workflows.export import export
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import Selection

FEES = ("fees=flat", "fees.fee=0.003")
CALLS: dict[str, Callable[[], Result]] = {
    "show rules": lambda: components.show_components("rules"),
    "show strategies fixed_20": lambda: components.show_components("strategies", "fixed_20"),
    "show experiments": lambda: components.show_components("experiments"),
    "config show simulate fees=flat fees.fee=0.003": lambda: settings_files.compose_settings(
        "simulate", FEES, None
    ),
    "config validate train fees=flat fees.fee=0.003": lambda: settings_files.validate_settings(
        "train", FEES, None
    ),
    "config schema simulate": lambda: settings_files.schema_of("simulate"),
    "config diff default demo": lambda: settings_files.compare_settings(
        "default", "demo", (), None
    ),
    "config init conf": lambda: settings_files.copy_settings(Path("conf")),
    "runs list": lambda: stored_runs.list_results("runs"),
    "runs verify": lambda: stored_runs.verify_results("runs"),
}


@pytest.mark.parametrize("command", CALLS)
def test_a_workflow_returns_what_its_command_prints(
    command: str, call: Call, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables and lines in their order, and the JSON object but for the command's name."""
    monkeypatch.chdir(trained)
    if command.startswith("config init"):
        assert call("config", "init", "conf").code == 0  # twice the same: nothing is left to copy
    result, words = CALLS[command](), command.split()
    assert call(*words).out == f"{result}\n"
    assert call(*words, "--json").json == {"command": words[0]} | finite(result.to_dict())
    assert "<t" in result._repr_html_() or "<p>" in result._repr_html_()


def test_a_stored_run_and_its_export(
    call: Call, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run by name."""
    monkeypatch.chdir(trained)
    run = Store("runs").load(toy.checkpoint(trained).stem)
    assert call("runs", "show", run.name).out == f"{stored_runs.StoredRun(run)}\n"
    load_components()
    composed = Composed(Composer("base").tree())
    settings = composed.of_run(run).decoded(Train)
    found = export(choose(settings, run, Selection("best_train"), settings))
    assert found.values["lamb"].shape == (2,)
    assert call("export", run.name, "--load", "best_train").out == f"{found}\n"


def test_damages_name_arguments_or_flags(
    call: Call, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Python ``fresh=True``, on the command line ``--fresh``, in tables and JSON too."""
    monkeypatch.chdir(trained)
    path = toy.checkpoint(trained)
    path.write_text(path.read_text().replace('"finished"', '"stopped"', 1))
    (run,) = stored_runs.list_results("runs").runs
    assert run.problem is not None
    assert "or start over with fresh=True (the old files are kept)" in run.problem
    (listed,) = call("runs", "list", "--json").json["runs"]
    assert listed["problem"] == run.problem.replace("fresh=True", "--fresh")
    verification = stored_runs.verify_results("runs")
    assert verification.damages[0].problem == run.problem
    with pytest.raises(StoreError, match=r"1 file\(s\) are damaged: .*fresh=True"):
        verification.refuse()
    call("runs", "verify").one_line(4, "1 file(s) are damaged", "--fresh")


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(ConfigError, match=r"no such name among the fees \(did you mean 'flat'"):
        components.show_components("fees", "falt")
