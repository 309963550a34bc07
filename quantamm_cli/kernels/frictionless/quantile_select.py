"""Two neighbouring order statistics of a row and their positions, by selection instead of
sorting, as compiled code.
"""

from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled


@compiled
@no_type_check
def partition(v, rank, low, high):
    """Move the number of this rank in v[low..high] to its position, none larger before it and none
    smaller behind. [Hoare, 1961]
    """
    while low < high:
        a, b, c = v[low], v[(low + high) // 2], v[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while v[i] < pivot:
                i += 1
            while pivot < v[j]:
                j -= 1
            if i <= j:
                v[i], v[j] = v[j], v[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break


@compiled
@no_type_check
def neighbours(values, rank, v, numbers, positions, count):
    """The numbers of rank and rank + 1 (or the last) of a row, and their positions.

    Both are NaN, at the first position, if any number is NaN. ``v`` is a work array of ``count``.
    """
    has_nan = False
    for i in range(count):
        v[i] = values[i]
        has_nan |= values[i] != values[i]
    positions[0] = positions[1] = 0
    if has_nan:
        for i in range(count):
            if values[i] != values[i]:
                numbers[0] = numbers[1] = values[i]
        return
    partition(v, rank, 0, count - 1)
    numbers[0] = numbers[1] = v[rank]
    if rank + 1 < count:
        numbers[1] = v[rank + 1]
        for i in range(rank + 2, count):
            numbers[1] = min(numbers[1], v[i])
    for i in range(count):
        if values[i] == numbers[1]:
            positions[1] = i
    for back in range(count):
        if values[count - 1 - back] == numbers[0]:
            positions[0] = count - 1 - back
