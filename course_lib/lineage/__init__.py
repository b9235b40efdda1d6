"""Where did each table come from: OpenLineage events of every step, with its inputs, outputs and row counts."""
