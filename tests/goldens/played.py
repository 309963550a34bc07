"""A scene played through the command line, and what its answers are compared with."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import toy
from goldens import EXPECTED, INTENDED, JSON_KEYS, load
from scene import Scene, words
from shapes import Tables, problems, shape

from quantamm_cli.settings.history import metric_meanings

NEAR = {"rel_tol": 1e-9, "abs_tol": 1e-12}
"""Between numbers that are computed anew: tests compile with other flags than users do."""
PASSING = {"seconds"}
"""Keys whose values differ from call to call."""
NO_NUMBER = {"daily_information_ratio", "weekly_var_95%_trad", "weekly_var_99%_trad"}
NO_NUMBER |= {"weekly_rovar_trad"}
"""Metrics that were printed where they do not exist: a ratio of rounding, and quantiles of the one
return of two weeks. They are ``null`` there now, and wherever they exist what they were.
"""
PROSE = {"message", "reason", "reasons", "summary", "text", "told"}
"""Keys of sentences, which may be worded otherwise."""
SHOWN = 5
"""Differences of one command that a message shows."""
UNLIKE = " ".join(
    (
        "Stored results keep the numbers they have: what is defined anew on purpose gets a new",
        "`meaning`, and old results keep theirs (tests/goldens/stored/README.md).",
    )
)

Answers = dict[str, toy.Answer]


def played(scene: Scene, folder: Path) -> Answers:
    """What each command of a scene answers, in an empty folder that the scene furnishes."""
    scene.furnish(folder)
    return {line: toy.call(*words(line), "--json", folder=folder) for line in scene.commands}


def shaped(answers: Answers) -> tuple[dict[str, Any], Tables]:
    """Exit code and key tree of each answer, and the tables of metrics that were in them."""
    tables: Tables = {}
    shapes = {}
    for command, answer in answers.items():
        shapes[command] = {"exit": answer.code, "json": shape(answer.json, tables)}
    return shapes, tables


def keys_changed(name: str, answers: Answers) -> list[str]:
    """What became of the JSON keys of a scene's answers, a line a command."""
    golden = load(JSON_KEYS)
    shapes, tables = shaped(answers)
    lines = []
    for command, now in shapes.items():
        was = golden["scenes"].get(name, {}).get(command)
        if was is None:
            lines.append(f"qsim {command} --json has no golden; run `make goldens`")
        else:
            lines += problems(command, was | {"json": golden["shapes"][was["json"]]}, now)
    names = set()
    for leaf, each in tables.items():
        names |= {one for table in each for one in table ^ set(golden["tables"][leaf])}
    if names:
        which = ", ".join(sorted(names))
        lines.append(f"tables of metrics differ in {which}: one may come, none may go. {INTENDED}")
    return lines


def numbers_changed(name: str, answers: Answers) -> list[str]:
    """What differs from what version 9274b26 printed. There may be more keys, nothing else; but a
    metric that is defined anew has other numbers where it is computed anew.
    """
    expected, lines = load(EXPECTED)[name], []
    anew = PASSING if name == "reading" else PASSING | _defined_anew()
    for command, answer in answers.items():
        was = expected[command]
        if answer.code != was["exit"]:
            code = f"exits with {answer.code}, not {was['exit']}"
            lines.append(f"qsim {command} {code}: {answer.err.strip().splitlines()[-1:]}. {UNLIKE}")
        apart = list(differences(was["json"], answer.json, anew))
        more = f"; {len(apart) - SHOWN} more" if len(apart) > SHOWN else ""
        lines += [f"qsim {command}: {'; '.join(apart[:SHOWN])}{more}. {UNLIKE}"] if apart else []
    return lines


def _defined_anew() -> set[str]:
    return {where.rpartition("/")[2] for where in metric_meanings()}


def differences(was: Any, now: Any, passing: set[str], place: str = "") -> Iterator[str]:
    """Places at which what is now lacks something that was, or has it otherwise; keys ``passing``
    are left out.
    """
    if isinstance(was, dict) and isinstance(now, dict):
        for key in sorted(was.keys() - passing):
            here = f"{place}.{key}".lstrip(".")
            if key not in now:
                yield f"{here} is gone"
            elif key not in PROSE or type(was[key]) is not type(now[key]):
                yield from differences(was[key], now[key], passing, here)
    elif isinstance(was, list) and isinstance(now, list):
        yield from _items(was, now, passing, place)
    elif isinstance(was, float) and isinstance(now, float):
        if not math.isclose(was, now, **NEAR):
            yield f"{place} was {was!r}, is {now!r}"
    elif _number(was) and now is None and place.rpartition(".")[2] in NO_NUMBER:
        return
    elif type(was) is not type(now) or was != now:
        yield f"{place} was {json.dumps(was)[:200]}, is {json.dumps(now)[:200]}"


def _items(was: list[Any], now: list[Any], passing: set[str], place: str) -> Iterator[str]:
    """Results by their fingerprints, as lists of them are ordered by time; all else in order."""
    if was and all(_named(item) for item in (*was, *now)):
        own: Mapping[str, Any] = {item["fingerprint"]: item for item in now}
        for item in was:
            name = item["fingerprint"]
            if name in own:
                yield from differences(item, own[name], passing, f"{place}[{name[:6]}]")
            else:
                yield f"{place}: {name} is gone"
        return
    if len(was) != len(now):
        yield f"{place} had {len(was)} items, has {len(now)}"
    for number, (one, other) in enumerate(zip(was, now, strict=False)):
        yield from differences(one, other, passing, f"{place}[{number}]")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _named(item: Any) -> bool:
    return isinstance(item, dict) and "fingerprint" in item
