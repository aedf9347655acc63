"""The engine: phases, the frozen chain of an operation, the exchange."""
