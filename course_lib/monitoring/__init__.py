"""How is the pipeline doing: metrics of a run for Prometheus."""
