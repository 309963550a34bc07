"""Pools, which turn prices into reserves, one kind a file."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
