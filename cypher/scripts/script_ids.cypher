// purpose: The ids of all scripts.
// params: none
// returns: script_id
// access: read
// idempotent: yes
MATCH (s:Script)
RETURN s.script_id AS script_id
ORDER BY script_id
