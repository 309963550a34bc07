"""Result files of quantammsim, made by hand from their documented format."""

import json
from pathlib import Path
from typing import Any

import pytest

from quantamm_cli.errors import StoreError
from quantamm_cli.store.reference import read_result

SETTINGS = {"tokens": ["BTC", "ETH"], "rule": "momentum", "alphabetic": True}


def entry(step: int, **more: Any) -> dict[str, Any]:
    return {"step": step, "log_k": [[1.0, 2.0]], "objective": [0.5]} | more


def write(folder: Path, *parts: Any, twice: bool = True) -> Path:
    text = json.dumps(list(parts), indent=4)
    (folder / "run.json").write_text(json.dumps(text) if twice else text)
    return folder / "run.json"


@pytest.mark.parametrize("twice", [True, False])
def test_json_in_json_with_bare_nan(twice: bool, tmp_path: Path) -> None:
    path = write(tmp_path, SETTINGS, entry(0), entry(1, objective=[float("nan")]), twice=twice)
    assert "NaN" in path.read_text()
    result = read_result(path)
    assert result.settings == SETTINGS
    assert [found["step"] for found in result.entries] == [0, 1]
    assert result.entries[1]["objective"][0] != result.entries[1]["objective"][0]
    assert result.superseded == 0
    assert len(result.sha256) == 64


@pytest.mark.parametrize(
    ("steps", "kept", "superseded"),
    [
        ([0, 1, 2], [0, 1, 2], 0),
        ([0, 1, 2, 0, 1], [0, 1], 3),
        ([0, 1, 2, 3, 2, 3, 4], [0, 1, 2, 3, 4], 2),
        ([0, 10, 20], [0, 10, 20], 0),
    ],
)
def test_a_later_start_takes_the_place_of_an_earlier(
    steps: list[int], kept: list[int], superseded: int, tmp_path: Path
) -> None:
    """Appending is all that program does: a restart begins at 0 again,
    a resume at the step it took up.
    """
    result = read_result(
        write(
            tmp_path,
            SETTINGS,
            *(entry(step, objective=[index]) for index, step in enumerate(steps)),
        )
    )
    assert [found["step"] for found in result.entries] == kept
    assert result.superseded == superseded
    assert result.entries[-1]["objective"] == [len(steps) - 1]


def test_trials_of_a_search_have_numbers_for_steps(tmp_path: Path) -> None:
    trials = [{"log_k": [1.0, 2.0], "optuna_trial_number": number} for number in (0, 2, 5)]
    assert [found["step"] for found in read_result(write(tmp_path, SETTINGS, *trials)).entries] == [
        0,
        2,
        5,
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "was cut or altered"),
        (b"\xff\xfe", "is not JSON"),
        (b'"[1, 2"', "was cut or altered"),
        (b"[]", "not a list of settings and entries"),
        (b"{}", "not a list of settings and entries"),
        (b"[1, 2]", "not a list of settings and entries"),
        (b'[{"a": 1}, {"step": 0}]', "no tokens or no rule"),
        (b'[{"tokens": [], "rule": "momentum"}]', "a fingerprint without results"),
        (b'{"rule": "momentum"}', "qsim config import"),
        (b"[" * 100_000, "RecursionError"),
    ],
    ids=range(10),
)
def test_damage_is_one_line_and_names_the_file(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"run\.json") as failure:
        read_result(path)
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_file_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    """Its JSON text is closed by its last byte."""
    path = write(tmp_path, SETTINGS, entry(0))
    data = path.read_bytes()
    for end in range(len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(StoreError):
            read_result(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        read_result(tmp_path / "none.json")
