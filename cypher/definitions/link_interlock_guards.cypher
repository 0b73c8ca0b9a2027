// purpose: Tie interlocks that are tied to none to the twins that they stand before.
// params: rows (list of {interlock, twin_ids})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (i:Interlock {key: row.interlock})
UNWIND row.twin_ids AS twin_id
MATCH (t:Twin {twin_id: twin_id})
CREATE (i)-[:GUARDS]->(t)
