// purpose: Delete overlay types; their Revisions stay.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (k:OverlayType {type_id: id})
DETACH DELETE k
