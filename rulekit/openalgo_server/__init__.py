"""A simulated OpenAlgo on this machine, before the simulated Kite: the broker behind it is that one."""
