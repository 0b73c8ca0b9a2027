"""What a scenario expects against what there is: None where it fits. One line for each kind of expectation."""

from app.scenarios.happened import (
    alert_turned,
    call_made,
    event_occurred,
    no_call,
    nothing,
    refused,
    rejected,
)
from app.scenarios.mismatch import Mismatch, Said
from app.scenarios.moment import alert_as, behavior_as, connection_as, explained_as, no_alert, property_as
from app.scenarios.script import (
    ExpectAlert,
    ExpectAlertFact,
    Expectation,
    ExpectBehavior,
    ExpectCall,
    ExpectConnection,
    ExpectEvent,
    ExpectNoAlert,
    ExpectNoCall,
    ExpectNothing,
    ExpectProperty,
    ExpectRefused,
    ExpectRejected,
    ExpectWhy,
)
from app.scenarios.stage import Stage


def judge(stage: Stage, said: Said, expects: Expectation) -> Mismatch | None:
    """Raises Fault for a name that is not there."""
    match expects:
        case ExpectProperty():
            return property_as(stage, expects)
        case ExpectBehavior():
            return behavior_as(stage, said, expects)
        case ExpectConnection():
            return connection_as(stage, expects)
        case ExpectAlert():
            return alert_as(stage, said, expects)
        case ExpectNoAlert():
            return no_alert(stage, said, expects)
        case ExpectAlertFact():
            return alert_turned(stage, said, expects)
        case ExpectCall():
            return call_made(stage, said, expects)
        case ExpectNoCall():
            return no_call(stage, expects)
        case ExpectEvent():
            return event_occurred(stage, said, expects)
        case ExpectNothing():
            return nothing(stage, said, expects)
        case ExpectRefused():
            return refused(said, expects)
        case ExpectRejected():
            return rejected(stage, said, expects)
        case ExpectWhy():
            return explained_as(stage, expects)
