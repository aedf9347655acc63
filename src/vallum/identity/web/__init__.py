"""Forms, cookies and pages of the provider."""
