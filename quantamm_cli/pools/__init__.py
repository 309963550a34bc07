"""Pools: how prices become reserves. One file a pool."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
