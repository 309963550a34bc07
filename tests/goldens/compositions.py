"""Command lines whose fingerprints are pinned: one for every YAML under conf/, and some more.

A new YAML has a command line by itself, and the test tells to run ``make goldens``. What cannot be
composed alone gets the words that it needs in ``NEEDS``.
"""

import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

import toy

from quantamm_cli import compose

CONF = Path(__file__).resolve().parents[2] / "conf"
NOT_COMMANDS = {"base", "reproduce"}
"""Top-level YAML that commands share, or that a stored result fills."""
VALIDATED = {"evaluate", "report"}
"""Commands whose dry run needs a stored run; ``qsim config validate`` says their fingerprint."""
REFUSED = (
    "train conf=bitfinex_2018 data.dir=prices",
    "train data=csv data.dir=prices",
    "train data=memory data.sha256=of-no-market",
    "train data=parquet data.dir=prices",
    "train fees=recorded fees.file=fees.csv",
    "train metric=monthly_rovar_trad",
    "train pool=balancer",
    "train pool=cow tokens=[BTC,ETH]",
    "train pool=given data.series.weights=weights.csv",
    "train pool=hodl",
    "train practice=supplied practice.dirs=[paths] data=parquet data.dir=prices",
    "train trades=recorded trades.file=trades.csv",
    "tune study/sampler=gp",
)
"""What a dry run refuses, as the run would: no files are there, and no PyTorch for ``gp``; the
settings of a training have a name all the same.
"""
COMMANDS = {
    "space": "tune",
    "study": "tune",
    "study/objective": "tune",
    "study/pruner": "tune",
    "study/sampler": "tune",
    "strategy": "compete",
    "market": "compete",
}
"""The command that a group belongs to, if it is not ``train``."""
FITS = sorted(path.stem for path in (CONF / "fit").glob("*.yaml"))
NEEDS = {
    "data/csv": "data.dir=prices",
    "data/memory": "data.sha256=of-no-market",
    "data/parquet": "data.dir=prices",
    "fees/recorded": "fees.file=fees.csv",
    "pool/composite": ("+pool@pool.parts.majors.pool=balancer +pool.parts.majors.tokens=[BTC,ETH]"),
    "pool/cow": "tokens=[BTC,ETH]",
    "pool/given": "data.series.weights=weights.csv",
    "pool/gyroscope": "tokens=[BTC,ETH]",
    "pool/reclamm": "tokens=[BTC,ETH]",
    "practice/supplied": "practice.dirs=[paths] data=parquet data.dir=prices",
    **{f"space/{fit}": f"fit={fit}" for fit in FITS},
    "space/none": "'space.fit.learning_rate=[0.01,1,log]'",
    "study/pruner/threshold": "study.pruner.below=-1",
    "study/pruner/wilcoxon": "split=walk_forward",
    "trades/recorded": "trades.file=trades.csv",
}
"""Words without which a component is refused, or is not what it is for."""
MORE = (
    "train tokens=[ETH,BTC] start=2022-01-01T06:00 end=2022-03-01 test_end=null precision=float32",
    "train params.k_per_day=5 params.memory_days=[10,20,30] initial_pool_value=5e5 data.seed=1",
    "train initial_reserves=[10,150,2e5] split.selection_metric=calmar metric.turnover_penalty=0.1",
    "train objective.periods=4 objective.overlap=0.5 objective.joined=softmin",
    "train pool=lvr pool/rule@pool.base.rule=power_channel",
    "train pool=dynamic_fee pool@pool.base=balancer pool/rule=power_channel fees=flat",
    "train pool/rule=ensemble pool/rule@pool.rule.rule=mean_reversion_channel pool.rule.members=2",
    "train pool/guard=per_asset pool.guard.learn=true pool.guard.minimum_weights=[0.1,0.1,0.2]",
    "train pool.chunk_period=60 pool.weight_interpolation_period=30",
    "train fees=flat fees.fee=0.003 fees.gas_cost=1 fees.arb_fee=1e-4 fees.protocol_fee_split=0.5",
    "train fit=sgd fit.schedule=cosine fit.init=sobol fit.sampling=stratified fit.swa_start=0.5",
    "train split=walk_forward split.cycles=2 split.expanding=true split.warm_start=true",
    "train split=walk_forward split.cycle_days=20 split.embargo_days=3 practice=monte_carlo",
    "simulate params.k_per_day=5 fees=flat fees.fee=0.003",
    "simulate pool=balancer 'params.initial_weights=[0.5,0.3,0.2]'",
    "simulate initial_reserves=[1,2,3] initial_state.ewma=[1,2,3] initial_state.running_a=[0,0,0]",
    "tune study.seed=1 study.objective=validation.calmar",
    "tune split=walk_forward study.pruner=median",
    "tune split=walk_forward study.pruner=none study.sampler=tpe study.sampler.startup=5",
    "tune 'space.pool.rule=[momentum,power_channel]' space.params.memory_days=declared",
    "tune 'space.fit=[adamw,sgd]' 'space.fit.weight_decay=[0,0.1]'",
    "compete steps=2000 seed=7 epoch.length=500 epoch.score=absolute reference=vol_adaptive",
    "compete 'strategies=[fixed_20,{kind: fixed_fee, fee_bps: 45, name: mine}]'",
    "compete 'strategies=[pool]' strategy.pool.pool=gyroscope strategy.pool.params.lam=3",
    "compete 'strategies=[temporal]' strategy.temporal.pool.rule.kind=power_channel",
    "compete 'market.regimes.wild={share:0.2,sigma:0.01,mean_steps:500}'",
    "compete 'strategies=[fixed_fee]' compat=challenge",
    "compete market=history market.base=BTC market.end=2023-03-01 market.windows=consecutive",
    "compete 'strategies=[mine.py:Vol,fixed_50]' strategy.Vol.gain=1",
    "compete --tournament pairs 'strategies=[fixed_20,fixed_fee,fixed_50]'",
    "compete --tournament leave-one-out 'strategies=[fixed_20,fixed_fee,fixed_50]'",
    "compete --tournament copies 'strategies=[fixed_20,fixed_fee]'",
    "compete --sweep fixed_fee.fee_bps=20:40:10",
    "compete --optimise optimise.steps=10",
)
"""Kinds of runs, and settings, that no single YAML chooses."""


def command_lines() -> list[str]:
    """All of them: every YAML of every group composed into one run each, and ``MORE``."""
    files = sorted(str(path.relative_to(CONF).with_suffix("")) for path in CONF.rglob("*.yaml"))
    return [_line(name) for name in files if name not in NOT_COMMANDS] + list(MORE)


def _line(name: str) -> str:
    """The command line that composes a YAML into one run."""
    group, _, own = name.rpartition("/")
    if not group:
        return f"config validate {own}" if own in VALIDATED else own
    if group == "experiment":
        return _experiment(own)
    command = COMMANDS.get(group, "train")
    word = f"strategies=[{own}]" if group == "strategy" else f"{group}={own}"
    return f"{command} {shlex.quote(word)} {NEEDS.get(name, '')}".strip()


def _experiment(name: str) -> str:
    """What the first line of an experiment tells to write."""
    first = (CONF / "experiment" / f"{name}.yaml").read_text("utf-8").splitlines()[0]
    return first.removeprefix("# qsim ").replace("PATH", "prices")


def composed(line: str, folder: Path) -> dict[str, Any]:
    """The object that a dry run prints. ``folder`` holds the files that are named."""
    words = shlex.split(line)
    if line in REFUSED:
        settings = compose(words[0], *words[1:])
        run = f"run_{settings.fingerprint}"
        return {
            "run": run,
            "fingerprint": settings.fingerprint,
            "settings": settings.training().identity(),
        }
    options = ["--json"] if words[0] == "config" else ["--dry-run", "--json"]
    answer = toy.call(*words, *options, folder=folder)
    cure = "if it needs more words, give them in NEEDS of tests/goldens/compositions.py"
    assert answer.code == 0, f"`qsim {line}` composes no run: {answer.err.strip()} ({cure})"
    return answer.json


def names(line: str, plan: dict[str, Any]) -> dict[str, str]:
    """By command line, the names under which results would be kept; each ends in 64 digits."""
    own = [plan[key] for key in ("run", "study", "fingerprint") if key in plan]
    named = {}
    if "line_ups" not in plan:  # what prints no name is named as all are: by its settings' digest
        named[line] = own[0] if own else digest(plan["settings"])
    for each in plan.get("line_ups", ()):
        named[f"{line} | {', '.join(each['strategies'])}"] = each["run"]
    for each in plan.get("cycles", ()):
        if "run" in each:  # with warm starts only the first is known beforehand
            named[f"{line} | cycle {each['cycle']}"] = each["run"]
    if "configuration" in plan:
        named[f"{line} | configuration"] = plan["configuration"]
    return named


def identity(plan: dict[str, Any]) -> dict[str, Any]:
    """What names the run, of the object that a dry run prints."""
    keys = ("settings", "space", "objective", "sweep", "tournament", "strategy")
    return {key: plan[key] for key in keys if key in plan}


def digest(tree: Any) -> str:
    """SHA-256 of the one canonical JSON text of a tree: sorted keys, no spaces."""
    canonical = json.dumps(tree, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
