"""Running pools over markets."""
