"""Injection detection: free text is decoded as a receiver would decode it, then judged."""
