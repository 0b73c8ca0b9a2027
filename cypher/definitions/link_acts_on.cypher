// purpose: Tie behaviors to the twins that their actions call or write.
// params: rows (list of {behavior, twin_id})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (b:Behavior {key: row.behavior})
MATCH (t:Twin {twin_id: row.twin_id})
MERGE (b)-[:ACTS_ON]->(t)
