// purpose: A script as it is now, and the same as its newest revision.
// params: script_id (text), source (text), declares (list of `kind/id`), number (integer: the revision), at (ISO time), author (text), reason (text),
//   revision_key (`script/id/number`), definition_key (`script/id`)
// returns: none
// access: write
// idempotent: yes
MERGE (s:Script {script_id: $script_id})
ON CREATE SET s.created_at = $at, s.created_by = $author
SET s.source = $source, s.declares = $declares, s.revision = $number, s.updated_at = $at, s.updated_by = $author
MERGE (r:Revision {key: $revision_key})
SET r.definition_key = $definition_key, r.kind = 'script', r.definition_id = $script_id, r.number = $number,
    r.at = $at, r.author = $author, r.reason = $reason, r.document = $source, r.catalogue_revision = 0
MERGE (s)-[:HAS_REVISION]->(r)
