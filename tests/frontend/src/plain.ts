/** The same without Apollo Client: `fetch` for queries and mutations, graphql-ws for subscriptions. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import type { Client, FormattedExecutionResult } from "graphql-ws";

export async function ask<Data, Variables>(
  address: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const answer = await fetch(`${address}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await answer.json()) as FormattedExecutionResult<Data & Record<string, unknown>>;
  if (errors !== undefined || data == null) {
    throw new Error(errors?.map(({ message, extensions }) => `${extensions?.["code"]}: ${message}`).join("\n"));
  }
  return data;
}

export async function* follow<Data, Variables extends Record<string, unknown>>(
  sockets: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  for await (const { data, errors } of sockets.iterate<Data>({ query: print(document), variables })) {
    if (errors !== undefined || data == null) throw new Error(errors?.map(({ message }) => message).join("\n"));
    yield data;
  }
}
