"""The old name of ``quantamm_cli.competition``: users' files and stored receipts import a
strategy's base class from here.
"""
