"""Fitting parameters to a metric: one loop, one small file a fitter."""

from quantamm_cli.training import adam, adamw, sgd  # noqa: F401 - importing registers
