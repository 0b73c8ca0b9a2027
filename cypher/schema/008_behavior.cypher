// purpose: Behavior nodes are found by key, and each key is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT behavior_key IF NOT EXISTS FOR (n:Behavior) REQUIRE n.key IS UNIQUE
