// purpose: Tie behaviors that are tied to none to the properties that their conditions read.
// params: rows (list of {behavior, properties}: keys)
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (b:Behavior {key: row.behavior})
UNWIND row.properties AS key
MATCH (p:Property {key: key})
CREATE (b)-[:READS]->(p)
