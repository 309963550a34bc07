"""Two neighbours in the order of a row's numbers, and where they stand, as compiled code:
selection instead of sorting.
"""

from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled


@compiled
@no_type_check
def part(v, rank, low, high):
    """Move the number of this rank in v[low..high] to its place, none larger before it and none
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
def neighbours(values, rank, v, found, places, count):
    """The numbers of rank and rank + 1 (or the last) of a row, and their places.

    All NaN, first place, if any is NaN.

    ``v`` is a row to work in.
    """
    odd = False
    for i in range(count):
        v[i] = values[i]
        odd |= values[i] != values[i]
    places[0] = places[1] = 0
    found[0] = found[1] = values[0] - values[0] if not odd else 0.0
    if odd:
        for i in range(count):
            if values[i] != values[i]:
                found[0] = found[1] = values[i]
        return
    part(v, rank, 0, count - 1)
    found[0] = found[1] = v[rank]
    if rank + 1 < count:
        found[1] = v[rank + 1]
        for i in range(rank + 2, count):
            found[1] = min(found[1], v[i])
    for i in range(count):
        if values[i] == found[1]:
            places[1] = i
    for back in range(count):
        if values[count - 1 - back] == found[0]:
            places[0] = count - 1 - back
