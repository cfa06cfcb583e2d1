"""An independent, deliberately naive recomputation of clocks and findings: it shares no more than the model."""
