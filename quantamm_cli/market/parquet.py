"""Prices from parquet files in quantammsim's layout."""

from quantamm_cli.market.files import FileSource


class Parquet(FileSource, kind="parquet"):
    """Files ``<TOKEN>_USD.parquet``: ``unix`` (s, ms, us or ns since 1970 UTC,
    a column or a stored index), ``close``.
    """
