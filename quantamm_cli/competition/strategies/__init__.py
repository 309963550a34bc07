"""The built-in strategies, one file each."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
