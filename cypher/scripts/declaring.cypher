// purpose: The scripts that declare given definitions.
// params: keys (list of `kind/id`)
// returns: key, script_id
// access: read
// idempotent: yes
MATCH (s:Script)
UNWIND s.declares AS key
WITH key, s
WHERE key IN $keys
RETURN key AS key, s.script_id AS script_id
