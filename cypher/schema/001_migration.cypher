// purpose: Migration nodes are found by number, and each number is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT migration_number IF NOT EXISTS FOR (n:Migration) REQUIRE n.number IS UNIQUE
