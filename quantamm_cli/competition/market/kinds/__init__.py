"""The kinds of markets, each by its file being here; numba is imported when a market is made."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
