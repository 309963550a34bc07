"""Samplers, which choose the values of trials, one kind a file."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
