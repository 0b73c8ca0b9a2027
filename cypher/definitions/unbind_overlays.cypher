// purpose: Drop all role bindings of overlays, before they are made anew.
// params: rows (list of overlay ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Overlay {overlay_id: id})-[e:BINDS]->(:Twin)
DELETE e
