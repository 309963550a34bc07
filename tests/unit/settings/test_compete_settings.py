"""What names a competition, and what cannot be played."""

from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from quantamm_cli.competition.market.kinds.lognormal import Lognormal
from quantamm_cli.competition.strategies.fixed_fee import FixedFee
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete, Entry, Epoch
from quantamm_cli.settings.decode import decode

ONE = Entry(name="one", strategy=FixedFee())


def settings(**given: object) -> Compete:
    return decode(Compete, {"strategies": (ONE,), "market": Lognormal(), **given})


def test_seeds_and_folders_do_not_name_a_competition() -> None:
    """More seeds of it go on; whatever changes an edge names another."""
    name = settings().fingerprint
    aside = [
        settings(simulations=5),
        settings(seed=9),
        settings(runs_dir="x"),
        settings(most_simulations=9),
        settings(reference="one"),
    ]
    assert {each.fingerprint for each in aside} == {name}
    other = Entry(name="one", strategy=FixedFee(fee_bps=31.0))
    apart = [
        settings(steps=5000),
        settings(market=Lognormal(sigma=0.002)),
        settings(strategies=(other,)),
        settings(epoch=Epoch(floor=0.1)),
    ]
    assert len({name, *(each.fingerprint for each in apart)}) == 5


def test_a_users_file_is_named_by_its_content() -> None:
    """Wherever it lies; the receipt's configuration leaves the strategies out."""
    there, moved, changed = (
        Entry(name="one", strategy=FixedFee(), source=source, file=file)
        for source, file in ("aA", "aB", "cA")
    )
    assert settings(strategies=(there,)).fingerprint == settings(strategies=(moved,)).fingerprint
    assert settings(strategies=(there,)).fingerprint != settings(strategies=(changed,)).fingerprint
    assert (
        settings(strategies=(there,)).configuration()
        == settings(strategies=(changed,)).configuration()
    )


@pytest.mark.parametrize(
    ("given", "where", "said"),
    [
        ({"simulations": 0}, "simulations", "0 is below 1"),
        (
            {"steps": 500, "epoch": {"length": 501}},
            "epoch.length",
            "501 steps are more than the simulation has",
        ),
        ({"epoch": {"length": "all"}}, "epoch.length", "'all' is not a whole number"),
        ({"epoch": {"temperature": -1.0}}, "epoch.temperature", "-1.0 is not above 0"),
        ({"strategies": (ONE,) * 17}, "strategies", "has 17; expected 1 to 16"),
        (
            {"strategies": (ONE,) * 10, "epoch": Epoch(floor=0.1)},
            "epoch.floor",
            "leaves no capital to move",
        ),
        ({"reference": "two"}, "reference", "'two' does not compete"),
        ({"seed": -1}, "seed", "-1 is below 0"),
        ({"compat": "original"}, "compat", "not one of challenge"),
    ],
)
def test_what_cannot_be_played_is_one_line(given: dict[str, object], where: str, said: str) -> None:
    """At its dotted place."""
    with pytest.raises(ConfigError, match=said) as told:
        settings(**given)
    assert told.value.where == where


def test_an_epoch_that_nobody_chose_is_never_longer_than_the_simulation() -> None:
    """A thousand steps, or all there are; the number names the
    competition, however it came about.
    """
    assert [settings(steps=steps).epoch.length for steps in (1, 500, 999, 1000, 10_000)] == [
        1,
        500,
        999,
        1000,
        1000,
    ]
    for steps, length in ((500, 500), (1000, 1000), (20_000, 1000)):
        given = [{"length": length}, Epoch(length=length), {"length": "auto"}, Epoch(), {}]
        assert {settings(steps=steps, epoch=each).fingerprint for each in given} == {
            settings(steps=steps).fingerprint
        }
    assert settings(steps=500, epoch={"floor": 0.1}).epoch == Epoch(length=500, floor=0.1)


def test_without_epochs_any_length_will_do() -> None:
    """null keeps capital where it is."""
    assert settings(steps=5, epoch=Epoch(length=None)).epoch.length is None


def test_the_yaml_has_every_setting_with_its_default(root: Path) -> None:
    """What a person reads there is what holds without it."""
    tree = yaml.safe_load((root / "conf" / "compete.yaml").read_text())
    fields = Compete.model_fields.keys() - {"strategies", "market"}
    assert fields <= tree.keys()
    given = {name: tree[name] for name in fields}
    assert decode(Compete, given | {"strategies": (ONE,), "market": Lognormal()}) == settings()
    for name in ("epoch", "optimise"):
        assert tree[name].keys() == type(getattr(settings(), name)).model_fields.keys()
