// purpose: Twins one RELATED edge away (both) from any of the given ones and not seen yet, each with one edge that
//   leads there.
// params: rows (list of twin ids), seen (list of twin ids), any_type (boolean), types (list of relationship types),
//   limit (integer)
// returns: twin_id, hop (the edge as stored: [source, target, name, relationship_type])
// access: read
// idempotent: yes
UNWIND $rows AS source
MATCH (s:Twin {twin_id: source})
MATCH (s)-[e:RELATED]-(t:Twin)
WHERE NOT t.twin_id IN $seen AND ($any_type OR e.relationship_type IN $types)
WITH t.twin_id AS id, startNode(e).twin_id AS start, endNode(e).twin_id AS end, e.name AS name, e.relationship_type AS type
ORDER BY id, start, end, name, type
WITH id, collect([start, end, name, type])[0] AS hop
RETURN id AS twin_id, hop AS hop
ORDER BY twin_id
LIMIT $limit
