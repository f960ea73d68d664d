"""Shared floor: parameters, contexts, results, claims, the registry and the runner."""
