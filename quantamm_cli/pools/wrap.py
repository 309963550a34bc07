"""The former name of ``quantamm_cli.pools.wrapper``, which users' files may import."""

from quantamm_cli.pools.wrapper import Wrapper

__all__ = ["Wrapper"]
