"""What users say of an endpoint, one file per feature, and how each renders."""
