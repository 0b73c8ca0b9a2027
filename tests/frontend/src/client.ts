/** Apollo Client as Twin Overlay wants it: HTTP for queries and mutations, one WebSocket for every subscription. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { getMainDefinition, relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import { createClient, type Client, type ClientOptions } from "graphql-ws";

import { resuming } from "./resuming.js";

/** `id` is global, so Apollo's own key (`__typename` and `id`) is right for everything that has one. */
export function cache(): InMemoryCache {
  return new InMemoryCache({
    typePolicies: {
      Query: {
        fields: {
          twins: relayStylePagination(["where", "orderBy"]),
          overlays: relayStylePagination(["where", "orderBy"]),
          alerts: relayStylePagination(["where"]),
        },
      },
    },
  });
}

/** `address` is the server's, such as http://127.0.0.1:8420. A Node before 22 needs a global WebSocket, as `ws` has. */
export function connect(
  address: string,
  options: Partial<ClientOptions> = {},
): { apollo: ApolloClient; sockets: Client } {
  const sockets = createClient({
    url: `${address.replace(/^http/, "ws")}/graphql`,
    lazy: true,
    keepAlive: 10_000,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    ...options,
  });
  const link = ApolloLink.split(
    ({ query }) => {
      const definition = getMainDefinition(query);
      return definition.kind === "OperationDefinition" && definition.operation === OperationTypeNode.SUBSCRIPTION;
    },
    ApolloLink.from([resuming, new GraphQLWsLink(sockets)]),
    new HttpLink({ uri: `${address}/graphql` }),
  );
  return { apollo: new ApolloClient({ link, cache: cache() }), sockets };
}
