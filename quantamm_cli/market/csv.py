"""Prices from CSV files in quantammsim's layout."""

from quantamm_cli.market.files import FileSource


class Csv(FileSource, kind="csv"):
    """Files ``<TOKEN>_USD.csv`` with a header, commas and points: ``unix`` (s, ms,
    us or ns since 1970 UTC), ``close``.
    """
