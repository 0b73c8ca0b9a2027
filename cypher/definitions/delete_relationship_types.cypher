// purpose: Delete relationship types; their Revisions stay.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (k:RelationshipType {name: id})
DETACH DELETE k
