// The peer of the GraphQL bench: @neo4j/graphql behind Apollo Server, on the graph that our server has written.
// Says `{"url": ...}` on standard output once it answers; ends with its standard input.
// Run where its packages are: node server.js URI USER PASSWORD

import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { Neo4jGraphQL } from "@neo4j/graphql";
import neo4j from "neo4j-driver";

const typeDefs = `#graphql
  type Twin @node {
    twinId: ID! @alias(property: "twin_id")
    twinType: String! @alias(property: "twin_type")
    version: String!
    properties: [Property!]! @relationship(type: "HAS_PROPERTY", direction: OUT)
    related: [Twin!]! @relationship(type: "RELATED", direction: OUT)
  }

  type Property @node {
    key: ID!
    name: String!
    unit: String
    number: Float
    quality: String
    timestamp: String
  }
`;

const [uri, user, password] = process.argv.slice(2);
const driver = neo4j.driver(uri, neo4j.auth.basic(user, password));
const schema = await new Neo4jGraphQL({ typeDefs, driver }).getSchema();
const server = new ApolloServer({ schema, introspection: false });
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: "127.0.0.1" },
  context: async () => ({ executionContext: driver }),
});
console.log(JSON.stringify({ url }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
