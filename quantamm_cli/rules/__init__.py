"""Weight rules, which turn prices into the weights of a temporal pool, one kind a file."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
