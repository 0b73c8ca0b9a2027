// purpose: Drop every RELATED edge that twins declare; such an edge always touches its declarer.
// params: rows (list of twin ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Twin {twin_id: id})-[e:RELATED]-(:Twin)
WHERE e.declared_by = 'twin/' + id
DELETE e
