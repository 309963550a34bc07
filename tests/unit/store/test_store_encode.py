"""Numbers keep every bit through JSON; what is not finite becomes null;
the text is for people and strict.
"""

import json
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantamm_cli.settings.digest import canonical
from quantamm_cli.store.encode import finite, parse, render, same_spelling

trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
steadily = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""However long an example takes on a busy machine."""


@steadily
@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True))
def test_a_float_keeps_every_bit(number: float) -> None:
    back = json.loads(render(finite({"a": [number]})))["a"][0]
    assert struct.pack("<d", back) == struct.pack("<d", number)


@steadily
@given(hnp.arrays(np.float64, (3, 2)))
def test_an_array_keeps_every_bit_and_loses_only_what_is_not_finite(array: np.ndarray) -> None:
    back = parse(render(finite(array)))
    for number, read in zip(
        array.ravel().tolist(), [item for row in back for item in row], strict=True
    ):
        assert (
            read is None
            if not np.isfinite(number)
            else struct.pack("<d", read) == struct.pack("<d", number)
        )


@steadily
@given(
    hnp.arrays(np.float32, 5, elements=st.floats(width=32, allow_nan=False, allow_infinity=False))
)
def test_single_precision_keeps_every_bit(array: np.ndarray) -> None:
    assert np.asarray(parse(render(finite(array))), dtype=np.float32).tobytes() == array.tobytes()


@steadily
@given(trees)
def test_the_text_for_people_is_the_canonical_tree(tree: object) -> None:
    plain = finite(tree)
    text = render(plain)
    assert canonical(parse(text)) == canonical(plain)
    assert same_spelling(text, plain)
    assert finite(plain) == plain


@steadily
@given(trees)
def test_writing_what_was_read_gives_the_same_bytes(tree: object) -> None:
    text = render(finite(tree))
    assert render(finite(parse(text))) == text


def test_minus_zero_and_the_smallest_number_stay() -> None:
    assert render(finite([-0.0, 5e-324, np.float64(-0.0)])) == "[-0.0, 5e-324, -0.0]"


def test_not_finite_is_null_wherever_it_stands() -> None:
    tree = {
        "a": float("nan"),
        "b": [np.inf, 1],
        "c": np.array([[1.0, -np.inf]]),
        "d": np.float32("nan"),
    }
    assert finite(tree) == {"a": None, "b": [None, 1], "c": [[1.0, None]], "d": None}


def test_numpy_scalars_and_whole_numbers_of_any_size() -> None:
    assert finite((np.int64(3), np.bool_(True), 10**400, True)) == [3, True, 10**400, True]


@pytest.mark.parametrize("value", [object(), {1: 2}, np.array(["x"]), np.array([1j]), {1, 2}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        finite(value)


def test_lists_of_numbers_stay_on_one_line() -> None:
    assert (
        render({"a": [[1, 2], [3, 4]], "b": [{"c": {}}]})
        == '{\n  "a": [[1, 2], [3, 4]],\n  "b": [\n    {\n      "c": {}\n    }\n  ]\n}'
    )


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "[1,]", "", "[" * 100_000])
def test_what_is_not_strict_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|nested|Expecting|Illegal"):
        parse(text)


@pytest.mark.parametrize(
    "text", ['{"a": 1E-05}', '{"a": 1, "a": 1}', '{"a": 1.0e-05}', '{"\\u0041": 1}', '{"a": 1e999}']
)
def test_another_spelling_is_seen(text: str) -> None:
    assert not same_spelling(text, parse(text))
    assert same_spelling('{ "a":\r\n1e-05}', {"a": 1e-05})
