// purpose: Edges of a backup. `FromLabel`, `from_name`, `ToLabel`, `to_name` and `TYPE` stand for names of the model
//   (graph/contents.py), never for data.
// params: rows (list of {from_key, to_key, properties})
// returns: made
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (a:FromLabel {from_name: row.from_key})
MATCH (b:ToLabel {to_name: row.to_key})
CREATE (a)-[e:TYPE]->(b)
SET e = row.properties
RETURN count(e) AS made
