"""The linear recurrence of ``core.recurrence`` as compiled code, and its adjoint.

``step`` is zero where ``keep`` has one row for all.
"""

from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled


@compiled
@no_type_check
def recur(first, keep, step, push, begin, now, rows, n):
    """``now[j] = keep[j] now[j - 1] + push[j]`` after row ``first``, ``begin[j]`` up to it."""
    for i in range(n):
        value = begin[i]
        for j in range(rows):
            at = j * n + i
            value = begin[at] if j <= first else keep[j * step + i] * value + push[at]
            now[at] = value


@compiled
@no_type_check
def recur_back(first, keep, step, begin, now, ct, to_push, to_keep, to_begin, rows, n):
    """Gradients of ``push``, ``keep`` and ``begin`` from ``ct``, the gradient of ``now``."""
    for i in range(n):
        carried = total = 0.0
        for done in range(rows):
            at = (rows - 1 - done) * n + i
            carried += ct[at]
            to_push[at] = to_begin[at] = 0.0
            if at // n <= first:
                to_begin[at] = carried
                carried = to_keep[at // n * step + i] = 0.0
                continue
            to_push[at] = carried
            part = carried * (now[at - n] if at >= n else begin[i])
            total += part
            to_keep[at // n * step + i] = part if step else total
            carried *= keep[at // n * step + i]
        if not step:
            to_keep[i] = total
        if first < 0 and rows:
            to_begin[i] = carried
