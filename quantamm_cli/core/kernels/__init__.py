"""The minute loop of geometric mean pools as compiled code for the CPU; ``call`` is what the rest of the program sees."""
