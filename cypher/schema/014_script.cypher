// purpose: Script nodes are found by script_id, and each script_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT script_script_id IF NOT EXISTS FOR (n:Script) REQUIRE n.script_id IS UNIQUE
