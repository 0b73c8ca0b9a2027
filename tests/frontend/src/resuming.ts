/** Subscriptions with an `after` go on, once the connection is back, behind the last push that came. */
import { ApolloLink } from "@apollo/client";
import { catchError, tap, throwError } from "rxjs";

import { faults } from "./errors.js";

const NOT_KEPT = ["RESUME_TOO_OLD", "RESUME_AHEAD"];

/** graphql-ws subscribes anew with the operation's variables as they are by then. */
export const resuming = new ApolloLink((operation, forward) => {
  const { variables } = operation;
  if (!("after" in variables)) return forward(operation);
  return forward(operation).pipe(
    tap(({ data }) => {
      for (const push of Object.values(data ?? {})) {
        if (isFact(push)) Object.assign(variables, { after: push.sequence, afterPlace: push.place });
      }
    }),
    catchError((error: unknown) => {
      if (!faults(error).some(({ code }) => NOT_KEPT.includes(code))) return throwError(() => error);
      Object.assign(variables, { after: null, afterPlace: null }); // what happened meanwhile is not kept: as things stand
      return forward(operation);
    }),
  );
});

function isFact(push: unknown): push is { sequence: number; place: number | null } {
  return typeof push === "object" && push !== null && "sequence" in push && "place" in push;
}
