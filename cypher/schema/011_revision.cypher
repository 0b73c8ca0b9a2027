// purpose: Revision nodes are found by key, and each key is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT revision_key IF NOT EXISTS FOR (n:Revision) REQUIRE n.key IS UNIQUE
