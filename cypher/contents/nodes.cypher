// purpose: Every node, for a backup; streamed, in no order.
// params: none
// returns: labels, properties
// access: read
// idempotent: yes
MATCH (n)
RETURN labels(n) AS labels, properties(n) AS properties
