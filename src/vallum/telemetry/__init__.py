"""Exchange records, redaction, trace context; emits, never decides."""
