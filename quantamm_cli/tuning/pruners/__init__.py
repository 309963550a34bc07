"""Pruners, which end trials that will not be the best, one kind a file."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
