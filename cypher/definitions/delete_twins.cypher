// purpose: Delete twins; their Revisions stay.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (t:Twin {twin_id: id})
DETACH DELETE t
