// purpose: Call nodes are found by call_id, and each call_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT call_call_id IF NOT EXISTS FOR (n:Call) REQUIRE n.call_id IS UNIQUE
