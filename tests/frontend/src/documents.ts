/** Every document of this frontend. The types of their results and variables are generated from schema.graphql. */
import { graphql } from "./gql/index.js";

/** One selection of a value everywhere: the cache replaces a value as a whole, so a view must not ask for half of it. */
export const LIVE_VALUE = graphql(`
  fragment LiveValue on Value {
    json
    number
    text
    unit
    quality
    timestamp
    known
    reason
  }
`);

export const LIVE_PROPERTY = graphql(`
  fragment LiveProperty on Property {
    id
    name
    value {
      ...LiveValue
    }
  }
`);

export const ALERT_ROW = graphql(`
  fragment AlertRow on Alert {
    id
    alertId
    severity
    message
    twinIds
    active
    acknowledged
    acknowledgedBy
    raisedAt
    closedAt
  }
`);

export const TWINS_PAGE = graphql(`
  query TwinsPage($where: TwinWhere, $orderBy: TwinOrder, $first: Int!, $after: String) {
    twins(where: $where, orderBy: $orderBy, first: $first, after: $after) {
      totalCount
      sequence
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        cursor
        node {
          id
          twinId
          twinType
          properties {
            ...LiveProperty
          }
        }
      }
    }
  }
`);

export const DOWNSTREAM = graphql(`
  query Downstream($twinId: ID!, $maxDepth: Int!, $first: Int, $after: String) {
    twin(twinId: $twinId) {
      id
      related(direction: OUTGOING, maxDepth: $maxDepth, first: $first, after: $after) {
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          cursor
          depth
          node {
            id
            twinId
          }
          path {
            name
            relationshipType
          }
        }
      }
    }
  }
`);

export const OPEN_ALERTS = graphql(`
  query OpenAlerts($first: Int!) {
    alerts(first: $first) {
      edges {
        cursor
        node {
          ...AlertRow
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const ACKNOWLEDGE = graphql(`
  mutation Acknowledge($input: AcknowledgeAlertInput!) {
    acknowledgeAlert(input: $input) {
      alert {
        ...AlertRow
      }
    }
  }
`);

export const SET_PROPERTY = graphql(`
  mutation SetProperty($input: SetPropertyInput!) {
    setProperty(input: $input) {
      property {
        ...LiveProperty
      }
      call {
        callId
        status
        error
      }
    }
  }
`);

export const PROPERTY_CHANGED = graphql(`
  subscription PropertyChanged($twinIds: [ID!], $properties: [String!]) {
    propertyChanged(twinIds: $twinIds, properties: $properties) {
      initial
      sequence
      skipped
      twinId
      node {
        ...LiveProperty
      }
    }
  }
`);

export const ALERT_CHANGED = graphql(`
  subscription AlertChanged($after: Long, $afterPlace: Int) {
    alertChanged(after: $after, afterPlace: $afterPlace) {
      transition
      initial
      sequence
      place
      alert {
        ...AlertRow
      }
    }
  }
`);

export const IMPACT = graphql(`
  query Impact($input: ImpactInput!) {
    impact(input: $input) {
      sequence
      summary {
        lost
        degraded
      }
      twins {
        nodes {
          twinId
          state
          reason
        }
      }
      overlays {
        overlayId
        state
      }
    }
  }
`);

export const LIVE_IMPACT = graphql(`
  subscription LiveImpact($input: ImpactInput!) {
    liveImpact(input: $input) {
      sequence
      initial
      impact {
        summary {
          alerts
        }
        twins {
          nodes {
            twinId
            state
            groups {
              remaining {
                twinId
                troubles
              }
            }
          }
        }
      }
    }
  }
`);
