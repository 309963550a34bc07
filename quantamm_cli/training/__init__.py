"""Fitting parameters to a metric: one loop, one small file a fitter."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
