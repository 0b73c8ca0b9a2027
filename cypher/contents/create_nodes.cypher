// purpose: Nodes of a backup. `Label` stands for one of the model's labels (graph/contents.py), never for data.
// params: rows (list of maps: the properties)
// returns: made
// access: write
// idempotent: no
UNWIND $rows AS row
CREATE (n:Label)
SET n = row
RETURN count(n) AS made
