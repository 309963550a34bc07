"""Mathematics without policy, I/O or settings."""
