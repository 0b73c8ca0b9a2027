// purpose: Tie behaviors that are tied to none to the twins that their actions call or write.
// params: rows (list of {behavior, twin_ids})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (b:Behavior {key: row.behavior})
UNWIND row.twin_ids AS twin_id
MATCH (t:Twin {twin_id: twin_id})
CREATE (b)-[:ACTS_ON]->(t)
