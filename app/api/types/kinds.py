"""What parts a condition can have, and what of a behavior can wait: enums whose words are the engine's own."""

from enum import Enum

import strawberry

from app.api.types.enums import word


@strawberry.enum(description="What a part of a condition is.")
class ExplanationNodeKind(Enum):
    AND = word("and", description="`a && b`: true where all are.")
    OR = word("or", description="`a || b`: true where one is.")
    NOT = word("not", description="`!a`.")
    COMPARE = word("compare", description="`a >= b`, or another comparison.")
    AMONG = word("among", description="`a in [b, c]`.")
    BETWEEN = word("between", description="`a between b and c`.")
    ARITHMETIC = word("arithmetic", description="`a + b`, or another operation.")
    NEGATIVE = word("negative", description="`-a`.")
    PROPERTY = word("property", description="The value of a property.")
    LITERAL = word("literal", description="A constant.")
    QUANTITY = word("quantity", description="A constant with a unit.")
    DURATION = word("duration", description="A length of time.")
    BOUND = word("bound", description="`role != null`: whether somebody fills a role.")
    EVIDENCE = word("evidence", description="`quality(a)`, `isStale(a)`, `known(a)` or `age(a)`.")
    PREVIOUS = word("previous", description="`previous(a)`: the value before the last change.")
    RATE = word("rate", description="`rate(a, 10s)`: the change per second.")
    CHANGED = word("changed", description="`changed(a)`: true in the step in which it does.")
    OCCURRED = word("occurred", description="`on a.event`: true in the step of the event.")
    EVENT_VALUE = word("event_value", description="The value of a parameter of that event.")
    EVERY = word("every", description="`every 5m`: true at those moments.")
    AGGREGATE = word("aggregate", description="`any`, `all`, `count`, `sum`, `avg`, `min` or `max` of a role of many.")
    HELD = word("held", description="`a for 30s`.")
    WITHIN = word("within", description="`a within 10s of b`.")


@strawberry.enum(description="What of a behavior or an alert waits for its moment.")
class TimerKind(Enum):
    DELAY_ON = word("delay_on", description="An alert that is raised after its on-delay.")
    DELAY_OFF = word("delay_off", description="An alert that is cleared after its off-delay.")
    RE_ALARM = word("re_alarm", description="An acknowledged alert that becomes unacknowledged again.")
    SHELVED = word("shelved", description="The end of a shelving.")
    FLOOD = word("flood", description="The end of a flood of alerts.")
    ESCALATE = word("escalate", description="An escalation.")
    EXPECT = word("expect", description="The end of the time for what is expected.")
    HELD = word("held", description="A condition's `for`.")
    WITHIN = word("within", description="A condition's `within`.")
    AGE = word("age", description="A report that becomes older than a condition asks for.")
    RATE = word("rate", description="A rate whose window moves on.")
    EVERY = word("every", description="The next moment of a schedule.")
