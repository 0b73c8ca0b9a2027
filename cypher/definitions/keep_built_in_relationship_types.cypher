// purpose: The built-in relationship types, for whoever reads the graph; one that a document overrides stays as it is.
// params: rows (list of {name, inverse, impact})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (k:RelationshipType {name: row.name})
WITH k, row
WHERE k.document IS NULL
SET k.inverse = row.inverse, k.impact = row.impact
