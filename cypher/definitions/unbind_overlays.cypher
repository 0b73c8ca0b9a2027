// purpose: Empty all roles of overlays, before they are filled anew. All are found before the first goes: deleting while
//   it matches, the embedded engine loses hundreds of an end's thousands of edges from sight.
// params: rows (list of overlay ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Overlay {overlay_id: id})-[e:BINDS|CONTAINS]->()
WITH collect(DISTINCT e) AS found
UNWIND found AS e
DELETE e
