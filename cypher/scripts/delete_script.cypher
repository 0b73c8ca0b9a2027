// purpose: A script goes; its revisions stay.
// params: script_id (text)
// returns: none
// access: write
// idempotent: yes
MATCH (s:Script {script_id: $script_id})
DETACH DELETE s
