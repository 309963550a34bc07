"""The strategies that come with the package. One file a strategy."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
