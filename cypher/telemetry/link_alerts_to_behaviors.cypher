// purpose: Tie alerts to the behavior that raised them.
// params: rows (list of {alert_id, behavior})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (a:Alert {alert_id: row.alert_id})
MATCH (b:Behavior {key: row.behavior})
MERGE (a)-[:RAISED_BY]->(b)
