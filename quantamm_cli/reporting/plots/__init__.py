"""The plots of reports, one a file. Importing this registers them, and needs matplotlib."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
