/** What the tests share: the server's address, clients that end with their test, and waiting for what comes. */
import type { TestContext } from "node:test";
import type { ApolloClient, OperationVariables, TypedDocumentNode } from "@apollo/client";
import type { Client, ClientOptions } from "graphql-ws";
import { WebSocket } from "ws";

import { connect } from "../client.js";
import { SET_PROPERTY } from "../documents.js";
import { ask } from "../plain.js";

Object.assign(globalThis, { WebSocket }); // browsers and newer Nodes have it

export const ADDRESS = process.env["TWIN_OVERLAY"] ?? "http://127.0.0.1:8420";
const DEADLINE_MS = 20_000;

export function connected(
  test: TestContext,
  options: Partial<ClientOptions> = {},
): { apollo: ApolloClient; sockets: Client } {
  const found = connect(ADDRESS, options);
  test.after(async () => {
    found.apollo.stop();
    await found.sockets.dispose();
  });
  return found;
}

/** As somebody else would. */
export async function set(twinId: string, property: string, value: unknown): Promise<void> {
  await ask(ADDRESS, SET_PROPERTY, { input: { twinId, property, value } });
}

export async function until<Found>(look: () => Found | undefined | false, what: string): Promise<Found> {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; ) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${what} did not happen within ${DEADLINE_MS} ms`);
}

/** Everything that a subscription has pushed so far. */
export function pushes<Data, Variables extends OperationVariables>(
  test: TestContext,
  apollo: ApolloClient,
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): { seen: Data[]; errors: unknown[] } {
  const found: { seen: Data[]; errors: unknown[] } = { seen: [], errors: [] };
  const subscription = apollo.subscribe({ query, variables } as never).subscribe({
    next: ({ data, error }) => {
      if (error !== undefined) found.errors.push(error);
      else found.seen.push(data as Data);
    },
    error: (error: unknown) => found.errors.push(error),
  });
  test.after(() => subscription.unsubscribe());
  return found;
}
