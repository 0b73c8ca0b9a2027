// purpose: Delete overlays; their Revisions stay.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (o:Overlay {overlay_id: id})
DETACH DELETE o
