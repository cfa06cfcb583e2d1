"""Sources and sinks: one module per kind of department system; codecs turn bytes into records."""
