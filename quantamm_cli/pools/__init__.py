"""Pools: how prices become reserves. One file a pool."""

from quantamm_cli.pools import balancer, guard, hodl, temporal  # noqa: F401 - importing registers
