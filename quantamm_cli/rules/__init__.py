"""Weight rules: what the weights of a temporal pool do when prices move. One file a rule."""

from quantamm_cli.rules import momentum  # noqa: F401 - importing registers
