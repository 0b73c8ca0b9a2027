// purpose: Cursor nodes are found by name, and each name is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT cursor_name IF NOT EXISTS FOR (n:Cursor) REQUIRE n.name IS UNIQUE
