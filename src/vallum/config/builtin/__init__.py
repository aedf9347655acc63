"""Contracts and controls that come with Vallum."""
