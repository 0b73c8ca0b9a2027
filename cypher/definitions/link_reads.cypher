// purpose: Tie behaviors to the properties that their conditions read.
// params: rows (list of {behavior, property}: keys)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (b:Behavior {key: row.behavior})
MATCH (p:Property {key: row.property})
MERGE (b)-[:READS]->(p)
