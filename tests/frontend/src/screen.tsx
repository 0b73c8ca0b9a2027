/** A live screen with React: a page of twins, their values as they change, and alerts to acknowledge. */
import { useMutation, useQuery, useSubscription } from "@apollo/client/react";

import { ACKNOWLEDGE, ALERT_CHANGED, OPEN_ALERTS, PROPERTY_CHANGED, TWINS_PAGE } from "./documents.js";
import { faults } from "./errors.js";

export function Twins({ type }: { type: string }) {
  const { data, error, fetchMore } = useQuery(TWINS_PAGE, { variables: { where: { type: [type] }, first: 20 } });
  const edges = data?.twins.edges ?? [];
  // Every push lands in the cache by the property's `id`, and what shows it is drawn again.
  useSubscription(PROPERTY_CHANGED, {
    variables: { twinIds: edges.map(({ node }) => node.twinId) },
    skip: edges.length === 0,
  });

  if (error) return <p role="alert">{faults(error).map(({ message, hint }) => `${message} (${hint})`).join("; ")}</p>;
  return (
    <>
      <ul>
        {edges.map(({ node: { id, twinId, properties } }) => (
          <li key={id}>
            {twinId}:{" "}
            {properties.map(({ name, value }) => (
              <span key={name} data-quality={value.quality}>
                {name} {value.known ? value.text : `unknown (${value.reason})`} {value.unit}
              </span>
            ))}
          </li>
        ))}
      </ul>
      {data?.twins.pageInfo.hasNextPage && (
        <button onClick={() => void fetchMore({ variables: { after: data.twins.pageInfo.endCursor } })}>more</button>
      )}
    </>
  );
}

export function Alerts() {
  const { data, refetch } = useQuery(OPEN_ALERTS, { variables: { first: 100 } });
  const [acknowledge] = useMutation(ACKNOWLEDGE);
  useSubscription(ALERT_CHANGED, {
    variables: { after: null, afterPlace: null },
    onData: ({ data: { data: push } }) => {
      // What happens to an alert that is shown updates it by its `id`; only a new one changes the list.
      if (push?.alertChanged.transition === "RAISED") void refetch();
    },
  });
  return (
    <ul>
      {data?.alerts.edges.map(({ node: { id, alertId, severity, message, acknowledged, closedAt } }) => (
        <li key={id} data-severity={severity}>
          {message} {closedAt && "closed"}{" "}
          {!acknowledged && (
            <button onClick={() => void acknowledge({ variables: { input: { alertId } } })}>acknowledge</button>
          )}
        </li>
      ))}
    </ul>
  );
}
