"""Random numbers, by the promise each kind keeps.

* ``noise``: normal numbers from raw words of PCG64 and IEEE arithmetic alone. The same bits on
  every platform and with every later numpy: the synthetic market is made of them.
* ``pcg``, ``ziggurat``, ``elementary``: the same generator in machine code, one stream for each
  key, for the markets of a competition. The same bits on every platform, and the numbers of Rust's
  ``rand_distr``.
* ``numpy.random.Generator(PCG64([seed, step, tag]))`` where training draws windows, parameter sets
  and noise: the same numbers for the same seed, step and version of numpy. ``tags`` has every tag.
  Numpy may change its distributions in a new version.
"""
