"""The core of Sunlight Hub: model, mapping language, supervision, use-cases, ports and their adapters."""
