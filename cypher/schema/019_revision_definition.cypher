// purpose: All revisions of one definition.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX revision_definition IF NOT EXISTS FOR (n:Revision) ON (n.definition_key)
