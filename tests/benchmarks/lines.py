"""What is measured: one line a row of the table, in words of the command line.

Names are what revisions are compared by; each is asked in its own words for what has the name.
``python lines.py [--full]`` prints all of it as JSON; ``worker.py`` documents that.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any, NamedTuple

VERSION = 1
"""Of what ``worker.py`` documents."""

TOKENS = ("BTC", "ETH", "SOL", "XRP", "ADA", "LINK", "LTC", "DOGE")
DAY = 1440


@dataclass(frozen=True)
class Line:
    """One measurement. ``kind``: ``path`` (objective, or objective and gradient, of one window) or
    ``step`` (a training step).

    ``lanes`` are parameter sets for a path, windows × sets for a step;
    ``target`` is in the unit of the kind's table.
    """

    kind: str
    name: str
    words: tuple[str, ...]
    tokens: int
    days: int
    lanes: int = 1
    chunk: int = DAY
    fee: bool = False
    gradient: bool = True
    target: float | None = None
    extra: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def minutes(self) -> int:
        """Minutes of one lane."""
        return self.days * DAY

    def asked(self, executor: str | None) -> dict[str, Any]:
        """The line as a worker takes it."""
        return asdict(self) | {"executor": executor, "minutes": self.minutes}


class Process(NamedTuple):
    """A command, measured from the start of its process.

    ``code``: what it must end with. ``first_step``: the words are those of ``qsim train``, which is
    measured to its first step. ``empty_cache``: nothing was compiled before. ``target``: seconds.
    ``after``: commands that come before it, once, in the folder in which it then runs every time;
    without any it runs in an empty one. ``forget``: a folder of the cache that is emptied before.
    ``threads``: how many it may use; 0: all.
    """

    name: str
    words: tuple[str, ...]
    target: float | None = None
    times: int = 1
    code: int = 0
    first_step: bool = False
    empty_cache: bool = False
    after: tuple[tuple[str, ...], ...] = ()
    forget: str = ""
    threads: int = 0


class Competition(NamedTuple):
    """A step of a competition on one core. ``wanted``: processor µs a step and simulation."""

    what: str
    strategies: int
    wanted: float

    @property
    def name(self) -> str:
        """What ``--only`` is matched with."""
        return f"competition, {self.what}, {self.strategies}"


# ns a minute and lane of one lane over 30 days, value alone, by tokens;
# three times that with the gradient.
TARGETS = {2: 80.0, 3: 110.0, 5: 170.0, 8: 320.0}
WANTED = {
    "fixed fees": (0.072, 0.176, 0.336),
    "with state": (0.16, 0.76, 1.74),
    "curves": (0.44, 1.74, 4.6),
}
"""Processor µs a step and simulation of a competition of 1, 4 and 8 strategies."""
DEMO = ("conf=demo", "-q")
A_DAY = (
    *("simulate", "pool=balancer", "tokens=[BTC,ETH]", "data.burn_in_days=1", "-q"),
    *("start=2021-01-08", "end=2021-01-09"),
)
TWO = ("tokens=[BTC,ETH]", "fees=flat", "fees.fee=0.003")
STUDY = (
    *("tune", *TWO, "data.burn_in_days=10", "fit.steps=8", "study.trials=16", "-q"),
    *("start=2022-11-15", "end=2023-01-10", "test_end=2023-01-20"),
    *("space=none", "space.fit.learning_rate=[0.01,0.5,log]", "space.fit.noise_scale=[0.01,1,log]"),
)


def path(tokens: int, lanes: int, days: int, chunk: int, fee: bool, gradient: bool) -> Line:
    """A window of ``days`` of one pool, ``lanes`` parameter sets side by side."""
    words = (
        f"tokens=[{','.join(TOKENS[:tokens])}]",
        "start=2022-01-01",
        f"end={_date(2022, days + 24)}",
        "test_end=null",
        "split.validation_fraction=0.05",
        "split.bout_offset=1440",
        "data.burn_in_days=100",
        f"fit.parameter_sets={lanes}",
        *_chunked(chunk),
        *(("fees=flat", "fees.fee=0.003") if fee else ()),
    )
    target = (
        TARGETS[tokens] * (3 if gradient else 1)
        if fee and lanes == 1 and days == 30 and chunk == DAY
        else None
    )
    what = "value and gradient" if gradient else "value"
    name = (
        f"{tokens} tokens, {lanes} lanes, {days} d, {'daily' if chunk == DAY else 'hourly'}, "
        f"{'30 bp' if fee else 'no fee'}, {what}"
    )
    return Line("path", name, words, tokens, days, lanes, chunk, fee, gradient, target)


def paths(full: bool) -> Iterator[Line]:
    """Every combination, or those that show how cost grows with tokens, lanes,
    days and chunks, one at a time.
    """
    chosen: list[tuple[int, int, int, int, bool, bool]]
    if full:
        chosen = [
            *product(
                (2, 3, 5, 8), (1, 8, 32), (30, 150, 365), (DAY, 60), (False, True), (False, True)
            )
        ]
    else:
        around = [(n, 1, 30, DAY) for n in (2, 3, 5, 8)]
        growing = [(2, 8, 30, DAY), (2, 32, 30, DAY), (2, 1, 365, DAY), (2, 1, 30, 60)]
        chosen = [
            (*shape, fee, gradient)
            for fee in (False, True)
            for shape in around
            for gradient in (False, True)
        ]
        chosen += [(*shape, fee, True) for fee in (False, True) for shape in growing]
        chosen += [(2, 32, 30, DAY, True, False)]
    for one in chosen:
        yield path(*one)


def steps(full: bool) -> Iterator[Line]:
    """Training steps as the default configuration takes them: 8 windows of 113 days, 4 sets,
    validation and test at every step.
    """
    yield step("3 tokens, no fee, daily chunks", (), 0.005)
    yield step("3 tokens, no fee, hourly chunks", _chunked(60), 0.040, chunk=60)
    yield step("3 tokens, no fee, `sharpe` (every minute)", ("metric=sharpe",), 0.250)
    yield step("3 tokens, no fee, `daily_var_95%_trad`", ("metric=daily_var_95%_trad",))
    yield step("3 tokens, no fee, `daily_var_95%`", ("metric=daily_var_95%",), 0.500)
    yield step("2 tokens, 30 bp, daily chunks", TWO, 0.500, tokens=2, fee=True)
    if full:
        words = (*TWO, *_chunked(60))
        yield step("2 tokens, 30 bp, hourly chunks", words, tokens=2, fee=True, chunk=60)
        large = (
            f"tokens=[{','.join(TOKENS)}]",
            "start=2022-01-01",
            "end=2023-04-01",
            "fit.parameter_sets=64",
            *_chunked(60),
        )
        yield step(
            "8 tokens, 64 sets, a year, hourly chunks, no fee",
            large,
            tokens=8,
            days=357,
            lanes=512,
            chunk=60,
        )


def step(name: str, words: tuple[str, ...], target: float | None = None, **more: Any) -> Line:
    """A step of ``qsim train`` with these words."""
    shape: dict[str, Any] = {"tokens": 3, "days": 113, "lanes": 32} | more
    return Line(
        "step",
        name,
        ("fit.steps=100000", "fit.early_stopping=false", *words),
        target=target,
        **shape,
    )


def _chunked(minutes: int) -> tuple[str, ...]:
    return (
        ()
        if minutes == DAY
        else (f"pool.chunk_period={minutes}", f"pool.weight_interpolation_period={minutes}")
    )


def _date(year: int, days: int) -> str:
    """``days`` after the first of January."""
    from datetime import date, timedelta

    return (date(year, 1, 1) + timedelta(days=days)).isoformat()


def processes(full: bool) -> Iterator[Process]:
    """What must be cold comes before what must be warm."""
    yield Process("`qsim --help`", ("--help",), 0.2, 7)
    yield Process("a misspelt key", ("train", "fees.feee=1"), 0.5, 5, code=2)
    yield Process("`qsim train --cfg job`", ("train", "--cfg", "job"), None, 5)
    first = "`qsim train` to its first step"
    yield Process(f"{first}, no program in the cache", (), first_step=True)
    yield Process(f"{first}, programs in the cache", (), 3.0, 5, first_step=True)
    first = "`qsim train`, two tokens and 30 bp, to its first step"
    yield Process(f"{first}, no program in the cache", TWO, first_step=True)
    yield Process(f"{first}, programs in the cache", TWO, 3.0, 3, first_step=True)
    yield from commands()
    yield from studies()
    whole = ("train", "fit.steps=1000", "fit.early_stopping=false")
    name = "`qsim train`, 1,000 steps, {}, on a machine that has compiled nothing"
    yield Process(name.format("three tokens, no fee"), whole, 30.0, empty_cache=True)
    if full:
        words = (*whole, *TWO)
        yield Process(name.format("two tokens, 30 bp"), words, 600.0, empty_cache=True)


def commands() -> Iterator[Process]:
    """Whole commands on the demonstration, and a day of a pool: the second time, programs are in
    the cache.
    """
    train, evaluate, report = (("train", *DEMO), ("evaluate", *DEMO), ("report", *DEMO))
    name = "`qsim train conf=demo`, on a machine that has compiled nothing"
    yield Process(name, train, empty_cache=True)
    elsewhere = (*train, "runs_dir=elsewhere")
    name = "`qsim train conf=demo`, programs in the cache"
    yield Process(name, (*train, "--fresh"), 3.0, 7, after=(elsewhere, train))
    trained = (train, evaluate)
    yield Process("`qsim evaluate conf=demo`, asked again", evaluate, 1.0, 7, after=trained)
    name = "`qsim evaluate conf=demo --load last`, another selection"
    last = (*evaluate, "--load", "last")
    yield Process(name, last, 3.0, 7, after=trained, forget="answers")
    yield Process("`qsim report conf=demo`", report, None, 3, after=(*trained, report))
    yield Process("`qsim runs list`", ("runs", "list"), None, 5, after=(train,))
    yield Process("`qsim simulate`, a day", A_DAY, 1.2, 7, after=(A_DAY,))


def studies() -> Iterator[Process]:
    """Sixteen trainings with fees, once their programs are compiled; and once they are stored."""
    warm = (*STUDY, "study.trials=2", "runs_dir=elsewhere")
    name, sixteen = "`qsim tune`, 16 trainings with fees, {}", (*STUDY, "--fresh")
    yield Process(name.format("one worker"), sixteen, None, 2, after=(warm,))
    one = Process(name.format("one worker of one thread"), sixteen, None, 2, after=(warm,))
    yield one._replace(threads=1)
    two = (*sixteen, "study.workers=2")
    yield Process(name.format("two workers"), two, None, 2, after=(warm,))
    stored = (*STUDY, "study.sampler=random")
    again = (*stored, "study.gap_penalty=1e-9")
    yield Process("`qsim tune`, another study of 16 stored runs", again, after=(stored,))


def competitions() -> Iterator[Competition]:
    """Kinds of strategies, a few and many of them."""
    for what, wanted in WANTED.items():
        for strategies, target in zip((1, 4, 8), wanted, strict=True):
            yield Competition(what, strategies, target)


def listing(full: bool) -> dict[str, Any]:
    """All of it, as other revisions read it."""
    return {
        "version": VERSION,
        "lines": [one.asked(None) for one in (*steps(full), *paths(full))],
        "processes": [one._asdict() for one in processes(full)],
        "competitions": [one._asdict() | {"name": one.name} for one in competitions()],
    }


if __name__ == "__main__":
    print(json.dumps(listing("--full" in sys.argv[1:])))
