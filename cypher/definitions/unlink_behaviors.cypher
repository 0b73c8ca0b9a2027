// purpose: Drop what behaviors read and act on, before it is tied anew.
// params: rows (list of behavior keys)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS key
MATCH (:Behavior {key: key})-[e:READS|ACTS_ON]->()
DELETE e
