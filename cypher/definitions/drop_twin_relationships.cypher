// purpose: Drop every RELATED edge that twins declare; such an edge always touches its declarer. All
//   are found first; see unbind_overlays.
// params: rows (list of twin ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Twin {twin_id: id})-[e:RELATED]-(:Twin)
WHERE e.declared_by = 'twin/' + id
WITH collect(DISTINCT e) AS found
UNWIND found AS e
DELETE e
