"""Fits parameters to a metric: one loop, and one small file for each fitter."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
