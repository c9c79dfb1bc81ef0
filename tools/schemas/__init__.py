"""The field tables: what KServe's own CRDs say of each kind's fields, without their descriptions, per release."""
