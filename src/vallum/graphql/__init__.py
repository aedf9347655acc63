"""GraphQL: schemas, documents under limits, what an operation uses and costs, its variables."""
