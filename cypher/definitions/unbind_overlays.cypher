// purpose: Empty all roles of overlays, before they are filled anew.
// params: rows (list of overlay ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Overlay {overlay_id: id})-[e:BINDS|CONTAINS]->()
DELETE e
