"""Roles, scopes and decisions with reasons."""
