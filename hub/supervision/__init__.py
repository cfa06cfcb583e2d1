"""Supervision: from a case's facts to its state, clocks, findings and alerts. Pure: values in, values out."""
