// purpose: Tie interlocks that are tied to none to the properties that their conditions read.
// params: rows (list of {interlock, properties}: keys)
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (i:Interlock {key: row.interlock})
UNWIND row.properties AS key
MATCH (p:Property {key: key})
CREATE (i)-[:READS]->(p)
