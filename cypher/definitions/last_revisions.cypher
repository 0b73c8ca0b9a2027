// purpose: The highest revision number ever given to each definition, deleted ones included.
// params: rows (list of `kind/id`)
// returns: definition_key, number
// access: read
// idempotent: yes
UNWIND $rows AS key
MATCH (r:Revision {definition_key: key})
RETURN key AS definition_key, max(r.number) AS number
