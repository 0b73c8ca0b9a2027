/** What this server says of what went wrong, out of whatever Apollo Client throws. */
import { CombinedGraphQLErrors } from "@apollo/client/errors";

export interface Fault {
  /** Stable, for programs: TWIN_NOT_FOUND, REVISION_MOVED, ... */
  code: string;
  message: string;
  /** What to do next. */
  hint?: string;
  /** A JSON pointer into the input, where it is about a part of it. */
  path?: string;
}

/** All that is wrong, each by itself. Empty where it was not the server that spoke, as when the network is down. */
export function faults(error: unknown): Fault[] {
  if (!CombinedGraphQLErrors.is(error)) return [];
  return error.errors.flatMap(({ message, extensions }) => {
    const problems = extensions?.["problems"] as Fault[] | undefined;
    return problems?.length ? problems : [{ message, ...extensions } as Fault];
  });
}
