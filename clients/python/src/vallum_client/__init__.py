"""For APIs behind a Vallum gateway."""
