"""HTTP semantics without I/O: framing, canonical targets, header rules, bodies under limits."""
