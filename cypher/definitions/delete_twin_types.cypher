// purpose: Delete twin types; their Revisions stay.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (k:TwinType {type_id: id})
DETACH DELETE k
