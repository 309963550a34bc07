"""Weight rules: what the weights of a temporal pool do when prices move. One file a rule."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
