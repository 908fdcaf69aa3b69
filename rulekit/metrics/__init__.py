"""What a running engine shows of itself to those who watch over it: metrics for Prometheus, and its health."""
