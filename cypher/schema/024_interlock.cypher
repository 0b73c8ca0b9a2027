// purpose: Interlock nodes are found by key, and each key is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT interlock_key IF NOT EXISTS FOR (n:Interlock) REQUIRE n.key IS UNIQUE
