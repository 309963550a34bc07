"""Random numbers of three kinds, by how reproducible they are.

* ``noise``: normal numbers from raw words of PCG64 and IEEE arithmetic alone, for the synthetic
  market. The same bits on every platform and with every later numpy.
* ``pcg``, ``ziggurat``, ``portable_math``: the same generator in machine code, one stream for each
  key, for the markets of a competition. The same bits on every platform, and the numbers of Rust's
  ``rand_distr``.
* ``numpy.random.Generator(PCG64([seed, step, tag]))`` where training draws windows, parameter sets
  and noise. The same numbers for the same seed, step and version of numpy, which may change its
  distributions in a new version. ``tags`` lists every tag.
"""
