"""The plots of reports, one in each file. Importing this registers them and needs matplotlib."""

from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)
