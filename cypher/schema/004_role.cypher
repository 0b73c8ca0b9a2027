// purpose: Role nodes are found by key, and each key is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT role_key IF NOT EXISTS FOR (n:Role) REQUIRE n.key IS UNIQUE
