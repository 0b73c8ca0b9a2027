"""Twin Overlay: a GraphQL backend over a property graph of industrial twins."""
