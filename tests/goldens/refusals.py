"""The command lines whose failure is pinned, one of each kind and exit code."""

from scene import Scene, damage, wrong

REFUSALS = {
    "refusals": Scene(
        (
            "simulate $DATES plugins=[defect.py] pool=failing",
            "train $TINY fees.fee=0.003",
            "train $TINY fes.fee=0.003",
            "train $TINY conf=nowhere",
            "train $TINY --load best_tset",
            "train $TINY plugins=[raises.py]",
            "trian $TINY",
            "tune $TINY space=none",
            "compete 'strategies=[nobody]'",
            "compete $TWO --sweep fee_bps=30:50:10",
            "compete validate nobody",
            "config diff default nowhere",
            "config validate fit.steps=many",
            "show fits nothing",
            "simulate $TINY start=2019-01-01",
            "compete market=history market.start=2019-01-01",
            "evaluate $TINY fit.seed=7",
            "evaluate --run abcdef",
            "runs show abcdef",
            "runs compare abcdef abcdef",
            "report abcdef",
            "export abcdef",
            "runs import nowhere.json",
            "runs list runs_dir=a_file",
            "compete --verify receipt.json",
            "compete leaderboard nowhere",
            "train $TINY fit=sgd fit.learning_rate=1e308 fit.clip_norm=null",
            "train $TINY plugins=[ctrl_c.py]",
            "train $TINY plugins=[terminated.py]",
        ),
        prepare=wrong,
    ),
    "damage": Scene(
        (
            "runs list",
            "runs show 8a5c77",
            "train $TINY",
            "runs verify",
            "compete --verify $RECEIPT",
        ),
        prepare=damage,
    ),
}
