"""The types of the schema, one file per noun; each wraps model data and never copies a decision."""
