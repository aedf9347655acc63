"""What inspection stops and what it lets pass, at Vallum and at its peers."""
