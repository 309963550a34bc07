"""The kinds of markets, one file each; numba is imported when a market is made."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
