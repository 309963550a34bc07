"""The words after ``qsim``: commands, our flags, Hydra's flags, and what is left for Hydra's overrides.

Hydra's parser refuses flags it does not know, accepts prefixes of those it knows, and wants all overrides on one side
of them; so flags are taken out here, exactly as spelt, wherever they stand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.nearest import did_you_mean

if TYPE_CHECKING:
    from quantamm_cli.workflows.selection import Selection

LOADS = ("last", "best_objective", "best_train", "best_validation", "best_test", "best_train_min_test", "best_test_min_train")
INFOS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
CONFIGS = ("job", "hydra", "all")
TOURNAMENTS = ("pairs", "leave-one-out", "copies")
SHORT = {f"{name}_objective": name for name in LOADS if name not in ("last", "best_objective")}


@dataclass(frozen=True)
class Command:
    """One word after ``qsim``. ``verbs`` are the words that may follow it; a composed command has none."""

    name: str
    summary: str
    usage: str
    verbs: tuple[str, ...] = ()
    takes: str = ""
    """What its one word is, for a command without verbs; one that runs on settings can do without it."""
    notes: tuple[str, ...] = ()
    """More lines of its help."""
    bare: bool = False
    """Whether it takes no settings of a run."""
    beside: tuple[str, ...] = ()
    """Words that a composed command may have: something else to do with its settings."""

    @property
    def composed(self) -> bool:
        """Whether the command runs on conf/<name>.yaml."""
        return not self.verbs and not self.bare


_RUNS = "[conf=NAME|FILE.yaml] [key=value ...] [options]"
_SPACE = (
    "what is searched: any setting of qsim train, by its dotted name, as YAML (conf/space/NAME.yaml) or as",
    "  space.fit.learning_rate=[0.001,1,log]    from, to, and any of log, int, float",
    "  space.fit.batch_size.choices=[4,8,16]    values to choose from",
    "  space.pool.rule=[momentum,power_channel] names to choose from, components too",
    "  space.params.memory_days=declared        the range a parameter declares",
    "  space.fit.noise_scale=null               not this one;  space=none: only what is named here",
    "as often as you like the same command goes on; study.trials=N more trials continue the study",
)
_COMPETE = (
    "strategies=[fixed_fee,my_file.py:MyStrategy]    names (qsim show strategies) and classes of your own files",
    "'strategies=[{kind: fixed_fee, fee_bps: 45}]'    with settings; name: NAME gives it a name of its own",
    "strategy.fixed_fee.fee_bps=45                   the same for one that is named",
    "class MyStrategy(Strategy):                     from quantamm_cli.competition.strategy import Strategy",
    "    fees(self, state) or quote(self, state, side, amount, reserves); init, on_step, after_swap, on_epoch if it remembers",
    "market=history data=parquet data.dir=PATH       minute prices of yours: market.base=ETH market.start=... market.end=...",
    "qsim compete validate STRATEGY                  does it quote as the rules want",
    "qsim compete leaderboard [FOLDER|RECEIPT ...]   receipts of one configuration, ranked, as one HTML page",
    "as often as you like the same command goes on; simulations=N more seeds go on with the same competition",
)
_NAMED = "RUN is 6 or more digits of a name in qsim runs list, with its kind before them (walk_3f9a2c) or without, or a path"
_CYCLES = ("split=walk_forward                              cycles through time, and whether it works out of sample",)
_TRAINING = (
    "fit=adamw, bfgs, cma_es, optuna, random, ...    how (qsim show fits);  fit.steps=N",
    "practice=monte_carlo                            training windows from resampled prices (qsim show practices)",
    *_CYCLES,
)
COMMANDS = {
    command.name: command
    for command in (
        Command("simulate", "one pool with given parameters over a market", _RUNS),
        Command("train", "fit a pool's parameters to a metric", _RUNS, notes=_TRAINING),
        Command("tune", "search over training settings with Optuna", _RUNS, notes=_SPACE),
        Command("evaluate", "score a trained run on train, validation and test", _RUNS, notes=_CYCLES),
        Command(
            "compete",
            "strategies share one flow of orders: who earns, and how sure that is",
            f"[validate STRATEGY | leaderboard [FOLDER|RECEIPT ...]] {_RUNS}",
            notes=_COMPETE,
            beside=("validate", "leaderboard"),
        ),
        Command(
            "report",
            "plots and one page of a trained run, a walk-forward or a competition",
            f"[RUN] {_RUNS}",
            takes="RUN",
            notes=(_NAMED,),
        ),
        Command(
            "runs",
            "list, show, verify runs, walk-forwards, competitions and studies; compare; import results of quantammsim",
            "VERB [RUN ...|FILE ...] [options]",
            ("list", "show", "compare", "verify", "import"),
            notes=(_NAMED,),
        ),
        Command("export", "a run's parameters as the contracts take them, 18 decimals", "RUN [options]", takes="RUN", bare=True),
        Command(
            "config",
            "show, validate, schema, diff, init: the settings themselves",
            "VERB [COMMAND|A B|FOLDER] [conf=...] [key=value ...]",
            ("show", "validate", "schema", "diff", "init"),
        ),
        Command(
            "show",
            "the pools, rules, metrics, ... there are, with units and defaults",
            "WHAT [NAME]",
            (
                "pools",
                "rules",
                "metrics",
                "fits",
                "guards",
                "fees",
                "trades",
                "data",
                "splits",
                "practices",
                "strategies",
                "markets",
                "experiments",
            ),
        ),
    )
}


@dataclass(frozen=True)
class Flag:
    """One option. ``metavar`` None is a switch; ``optional`` may stand without its value."""

    field: str
    names: tuple[str, ...]
    text: str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    optional: str | None = None
    commands: tuple[str, ...] = tuple(COMMANDS)


_COMPOSED = ("simulate", "train", "tune", "compete", "evaluate", "report")
_LOADING = ("simulate", "train", "evaluate", "report", "runs", "export")
_SCORING = ("evaluate", "report")
_COMPETING = ("compete",)
_BEGINNING = ("simulate", "train", "evaluate")
FLAGS = (
    Flag("load", ("--load",), "which stored parameters: " + ", ".join(LOADS), "METHOD", (*LOADS, *SHORT), commands=_LOADING),
    Flag("run", ("--run",), "another run, to begin with: a path, or 6 or more digits of its name", "RUN", commands=_BEGINNING),
    Flag("go_on", ("--continue",), "with --run: that run with more steps, fit.steps=N in all", commands=("train",)),
    Flag("minimum", ("--min",), "least other metric for best_train_min_test, best_test_min_train (0)", "X", commands=_LOADING),
    Flag("periods", ("--periods",), "score own dates, each from a fresh start: [NAME=]START..END,...", "DATES", commands=_SCORING),
    Flag("sets", ("--sets",), "parameter sets of the chosen step beside each other: all, or 0,2,3", "SETS", commands=_SCORING),
    Flag("curvature", ("--curvature",), "trace of the training objective's Hessian, too (slow to compile)", commands=_SCORING),
    Flag("plots", ("--plots",), "write PNGs beside trajectory.npz", commands=("simulate", "evaluate")),
    Flag("until_decided", ("--until-decided",), "more seeds until the leader is surely ahead", commands=_COMPETING),
    Flag("axes", ("--sweep",), "points of a setting: [STRATEGY.]KEY=FIRST:LAST:STEP,...", "AXES", commands=_COMPETING),
    Flag("tournament", ("--tournament",), "many line-ups: pairs, leave-one-out, copies", "KIND", TOURNAMENTS, commands=_COMPETING),
    Flag("optimise", ("--optimise",), "train the first strategy's parameters, judge them on other seeds", commands=_COMPETING),
    Flag("verify", ("--verify",), "run a receipt again and compare every seed", "RECEIPT", commands=_COMPETING),
    Flag("replay", ("--replay",), "one seed step by step, as JSON and HTML: SEED[:FIRST:LAST]", "SEED", commands=_COMPETING),
    Flag("dry_run", ("--dry-run",), "print settings, fingerprint and place; touch nothing", commands=_COMPOSED),
    Flag("fresh", ("--fresh",), "start over; old files are kept beside", commands=("train", "tune", "compete")),
    Flag("multirun", ("-m", "--multirun"), "run every combination of comma-separated values", commands=_COMPOSED),
    Flag("cfg", ("--cfg", "-c"), "print the composed settings (job, hydra, all) and stop", "WHAT", CONFIGS, commands=_COMPOSED),
    Flag("package", ("-p", "--package"), "with --cfg: only this part", "KEY", commands=_COMPOSED),
    Flag("resolve", ("--resolve",), "with --cfg: with interpolations resolved", commands=_COMPOSED),
    Flag("info", ("--info", "-i"), "how the settings are found: " + ", ".join(INFOS), "[WHAT]", INFOS, "all", commands=_COMPOSED),
    Flag("config_dir", ("--config-dir", "-cd"), "a folder of settings searched before ./conf", "DIR"),
    Flag("json", ("--json",), "print one JSON object"),
    Flag("quiet", ("-q", "--quiet"), "no progress, no notes"),
    Flag("verbose", ("-v", "--verbose"), "say more"),
    Flag("help", ("-h", "--help"), "this text"),
)
_ARGUMENTS = {"shorter": "go_on"}
"""The field of a flag that gives an argument of another name."""
_ALTERNATIVES = ({"multirun", "cfg", "info"}, {"verify", "replay", "axes", "tournament", "optimise", "until_decided"})
"""Options of which one at a time makes sense."""


@dataclass(frozen=True)
class Options:
    """What the flags said. ``words`` are verbs and names, ``overrides`` are Hydra's ``key=value``; ``implied`` come before them."""

    command: str
    load: str | None = None
    run: str | None = None
    minimum: float = 0.0
    periods: str | None = None
    sets: str | None = None
    plots: bool = False
    curvature: bool = False
    until_decided: bool = False
    axes: str | None = None
    tournament: str | None = None
    optimise: bool = False
    verify: str | None = None
    replay: str | None = None
    json: bool = False
    dry_run: bool = False
    fresh: bool = False
    go_on: bool = False
    quiet: bool = False
    verbose: bool = False
    help: bool = False
    multirun: bool = False
    cfg: str | None = None
    package: str | None = None
    resolve: bool = False
    info: str | None = None
    config_dir: str | None = None
    words: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()

    @property
    def selection(self) -> "Selection":
        """What ``--load`` and ``--min`` ask for."""
        from quantamm_cli.workflows.selection import Selection

        return Selection(self.load, self.minimum)


def find_command(name: str) -> Command:
    """The command of that name. Raises ConfigError with the nearest one."""
    if name not in COMMANDS:
        kind = "option" if name.startswith("-") else "command"
        known = ("--help", "--version", "-sc") if kind == "option" else COMMANDS
        raise ConfigError(name, f"no such {kind}{did_you_mean(name, known)}; qsim --help lists them")
    return COMMANDS[name]


def as_flag(argument: str, value: object = None) -> str:
    """An argument of a workflow, and its value, as the flag that gives it; what no flag gives stays as it is."""
    field = _ARGUMENTS.get(argument, argument)
    flag = next((flag for flag in FLAGS if flag.field == field), None)
    if flag is None:
        return argument
    name = max(flag.names, key=len)
    return name if value is None or flag.metavar is None else f"{name} {value}"


def flags_of(command: str) -> list[Flag]:
    """The options a command knows."""
    return [flag for flag in FLAGS if command in flag.commands]


def parse(command: Command, words: Sequence[str]) -> Options:
    """Sort the words after a command. Raises ConfigError for the first one that has no place."""
    if any(word in ("-h", "--help") for word in words):
        return Options(command.name, help=True)
    known = {name: flag for flag in flags_of(command.name) for name in flag.names}
    values: dict[str, Any] = {}
    rest: list[str] = []
    todo = list(words)
    while todo:
        word = todo.pop(0)
        if word == "--":
            rest += todo
            break
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        name, _, joined = word.partition("=")
        flag = known.get(name)
        if flag is None:
            raise ConfigError(name, _unknown(name, command.name, known))
        values[flag.field] = _take(flag, name, joined if "=" in word else None, todo)
    if values.get("package") and not values.get("cfg"):
        raise ConfigError("-p", "goes with --cfg job")
    for alternatives in _ALTERNATIVES:
        modes = [flag for flag in FLAGS if flag.field in alternatives & values.keys()]
        if len(modes) > 1:
            one, other = (max(flag.names, key=len) for flag in modes[:2])
            raise ConfigError(other, f"does not go with {one}")
    words, overrides = _sorted(command, rest)
    if command.takes and command.composed and words:
        values["run"] = words[0]
    return Options(command.name, **values, words=words, overrides=overrides)


def _unknown(name: str, command: str, known: dict[str, Flag]) -> str:
    if any(name in flag.names for flag in FLAGS):
        return f"is not an option of qsim {command}; qsim {command} --help lists them"
    return f"no such option{did_you_mean(name, known)}; qsim {command} --help lists them"


def _take(flag: Flag, name: str, joined: str | None, todo: list[str]) -> Any:
    """The value of a flag: joined by ``=``, or the next word."""
    if flag.metavar is None:
        if joined is not None:
            raise ConfigError(name, f"takes no value, came '{joined}'")
        return True
    value = joined
    if value is None and todo and (todo[0] in flag.choices or (flag.optional is None and (todo[0][:1] != "-" or flag.field == "minimum"))):
        value = todo.pop(0)
    value = flag.optional if value is None else value
    if not value:
        raise ConfigError(name, f"needs a value: {flag.text}")
    if flag.choices and value not in flag.choices:
        choices = LOADS if flag.field == "load" else flag.choices
        raise ConfigError(name, f"'{value}' is not one of {', '.join(choices)}{did_you_mean(value, flag.choices)}")
    return _number(name, value) if flag.field == "minimum" else SHORT.get(value, value) if flag.field == "load" else value


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(name, f"'{text}' is not a number")
    return number


def _sorted(command: Command, rest: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words and overrides apart; a composed command has only overrides."""
    overrides = tuple(word for word in rest if "=" in word or word.startswith("~"))
    words = tuple(word for word in rest if word not in overrides)
    if command.beside and words and words[0] not in command.beside:
        near = did_you_mean(words[0], command.beside)
        known = f"qsim {command.name} knows {', '.join(command.beside)}{near}"
        raise ConfigError(words[0], known if near else _stray(words[0], command.name))
    if command.composed and words and not (command.takes or command.beside):
        raise ConfigError(words[0], _stray(words[0], command.name))
    if command.takes and len(words) != 1 and (words or command.bare):
        raise ConfigError(" ".join(words[1:]), f"one {command.takes} at a time: qsim {command.name} {command.takes}")
    if command.verbs:
        what = f"{' | '.join(command.verbs)}"
        if not words:
            raise ConfigError("", f"which one? qsim {command.name} {what}")
        if words[0] not in command.verbs:
            raise ConfigError(words[0], f"qsim {command.name} knows {', '.join(command.verbs)}{did_you_mean(words[0], command.verbs)}")
    return words, overrides


def _stray(word: str, command: str) -> str:
    if word.endswith((".yaml", ".yml")):
        return f"not key=value; for a file of settings write conf={word}"
    if word in COMMANDS:
        return f"one command at a time; this is qsim {command}"
    return f"not key=value; for an experiment write conf={word.split()[0] if word.split() else 'NAME'}"
