// purpose: Scripts by their ids.
// params: rows (list of script_id)
// returns: script_id, source, revision, created_at, created_by, updated_at, updated_by, declares (list of `kind/id`)
// access: read
// idempotent: yes
UNWIND $rows AS row
MATCH (s:Script {script_id: row})
RETURN s.script_id AS script_id, s.source AS source, s.revision AS revision, s.created_at AS created_at,
       s.created_by AS created_by, s.updated_at AS updated_at, s.updated_by AS updated_by, s.declares AS declares
