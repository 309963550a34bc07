"""The command lines whose JSON is pinned. A new command or verb is added here."""

from refusals import REFUSALS
from scene import PLAYED, Scene, trades

FINISHED, STOPPED = "8a5c77", "e82684"
WALK, STUDY, SWEPT = "walk_f8ea9e", "study_9bead7", "compete_711b27"
PLOTTED = "grid.k_per_day=[1,10,2,log] grid.initial_pool_value.choices=[1e4,1e6] --plots"
OPTIMISE = "optimise.steps=1 optimise.batch=4 optimise.train_simulations=8"

OF_STORED = {
    "reading": Scene(
        (
            "runs list",
            f"runs show {FINISHED}",
            f"runs show {STOPPED}",
            f"runs show {WALK}",
            f"runs show {STUDY}",
            f"runs show {PLAYED}",
            f"runs show {SWEPT}",
            f"runs show {WALK} --load best_train",
            f"runs compare {FINISHED} {STOPPED}",
            f"runs compare {WALK} {FINISHED} --load best_train",
            "runs verify",
        ),
        numbers=True,
    ),
    "training": Scene(
        (
            "train $TINY fit.seed=1",
            "train $TINY",
            f"train --run {FINISHED} --continue fit.steps=8",
            f"train --run {FINISHED} --load best_train fit.seed=2 --dry-run",
            "train $TINY $CYCLES",
            "evaluate $TINY $CYCLES",
        ),
        numbers=True,
    ),
    "evaluation": Scene(
        (
            f"evaluate --run {FINISHED} --load best_test",
            f"evaluate --run {STOPPED} --sets all --periods crash=2021-01-10..2021-01-14",
            f"evaluate --run {FINISHED} fees=flat fees.fee=0.003",
            "simulate $DATES fees=flat fees.fee=0.003",
            f"simulate --run {FINISHED} --load last",
            f"export {FINISHED}",
            f"export {STOPPED} --load best_objective",
            f"report {FINISHED}",
        ),
        numbers=True,
    ),
    "competition": Scene(
        (
            "compete leaderboard",
            "compete $MINE $GAME",
            "compete $MINE $GAME simulations=24",
            "compete 'strategies=[fixed_fee]' $GAME --sweep fee_bps=30:50:10",
            "runs verify",
        ),
        numbers=True,
    ),
}
"""Of results that version 9274b26 stored; those of ``reading`` must leave every file as it is."""
OF_USERS = {
    "user files": Scene(
        (
            "train $TRAIN plugins=[my_rules.py] pool/rule=reversion metric=final_value fit.steps=2",
            "simulate $DATES plugins=[my_rules.py] pool=basket",
            "simulate $DATES plugins=[my_rules.py] pool=basket fees=flat fees.fee=0.01",
            "compete validate mine.py:Vol",
            "compete 'strategies=[mine.py:Vol,fixed_50]' strategy.Vol.gain=2 $GAME simulations=8",
        ),
        numbers=True,
    ),
}
"""Of components in files of users."""
NEW = {
    "new runs": Scene(
        (
            "simulate $TINY",
            "simulate $TINY --dry-run",
            "simulate $TINY --cfg job",
            "simulate $TINY --plots",
            "simulate $TINY trades=recorded trades.file=trades.csv",
            f"simulate $TRAIN {PLOTTED}",
            "simulate -m $TINY data.seed=0,1",
            f"simulate $TRAIN {PLOTTED.removesuffix(' --plots')} --out points.csv",
            "simulate $TINY --out rows.parquet",
            "reproduce $SIMULATED --dry-run",
            "reproduce $SIMULATED",
            "runs show $SIMULATED",
            "report $SIMULATED",
            "runs show $GRIDDED",
            "report $GRIDDED",
            "reproduce $GRIDDED",
            "runs show $SWEEP",
            "report $SWEEP",
            "reproduce $SWEEP",
            "runs list",
            "train $TINY fit.seed=3 fit.steps=2",
            "train $TINY --dry-run",
            "train $TINY --cfg all -p fit",
            "train $TINY fit=bfgs fit.tolerance=1e9",
            "train $TRAIN fit.steps=2 'params.log_k=[[1,1],[1000,1000]]'",
            "train -m $TINY fit.seed=4,5 fit.steps=2",
            "train $TINY $CYCLES --dry-run",
            "tune $TINY $SPACE --dry-run",
            "evaluate $TINY --dry-run",
            "evaluate $TINY --plots --curvature",
            "evaluate -m $TINY fit.seed=0,9",
            "report $TINY --dry-run",
            f"report {WALK}",
            f"report {PLAYED}",
            f"report {SWEPT}",
            "runs import result.json",
        ),
        prepare=trades,
    ),
    "new studies": Scene(
        (
            "tune $TINY $SPACE study.trials=3",
            "tune $TINY $SPACE $OBJECTIVES study.trials=3",
            f"runs show {STUDY}",
            "runs show $STUDIED",
            "runs verify",
            "tune worker $STUDIED",
            "tune status $STUDIED",
            "tune best $STUDIED",
            "tune trials $STUDIED",
            "tune retry $STUDIED",
            "tune stop $STUDIED",
            "tune export $STUDIED --out trials.csv",
            "tune best $FRONT --pick max_drawdown",
            f"tune status {STUDY}",
        ),
    ),
    "settings of quantammsim": Scene(("config import result.json",)),
    "new competitions": Scene(
        (
            "compete $TWO $GAME",
            "compete --verify $NEW_RECEIPT",
            "compete $TWO $GAME --dry-run",
            "compete $TWO $GAME --until-decided most_simulations=16",
            "compete $TWO $GAME --replay 3:0:20",
            "compete $TWO $GAME --replay 3 --dry-run",
            "compete $TWO $GAME --sweep fixed_20.fee_bps=30:50:10 --dry-run",
            "compete $TWO $GAME --tournament pairs",
            "compete $TWO $GAME --tournament leave-one-out",
            "compete $TWO $GAME --tournament copies",
            "compete $TWO $GAME --tournament pairs --dry-run",
            f"compete $TWO $GAME --optimise optimise.method=search {OPTIMISE}",
            "compete $TWO $GAME --optimise --dry-run",
            "compete $TWO $GAME --cfg job -p epoch",
            "compete -m $TWO $GAME seed=0,1",
        ),
    ),
    "settings and components": Scene(
        (
            "config show",
            "config show tune",
            "config show compete",
            "config validate",
            "config validate compete",
            "config schema train",
            "config schema simulate",
            "config schema compete",
            "config diff default demo",
            "config diff default default",
            "config init here",
            *(f"show {what}" for what in ("pools", "rules", "guards", "fees", "trades", "data")),
            *(f"show {what}" for what in ("metrics", "fits", "splits", "practices")),
            *(f"show {what}" for what in ("strategies", "markets", "experiments", "plots")),
            *(f"show {what}" for what in ("samplers", "pruners", "objectives")),
            "show fees flat",
            "help",
            "help start",
            "help worst week",
        ),
    ),
}
"""Of results that are made anew, and of what makes none."""
SCENES = OF_STORED | OF_USERS | NEW | REFUSALS
