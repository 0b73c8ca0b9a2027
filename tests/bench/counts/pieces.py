"""What is counted: a name, what a unit of it is, and where it is set up.

Whoever adds a piece, or changes what one does, writes the baseline anew in the same commit: `make bench-check
ARGS=--update`.
"""

from collections.abc import Mapping

_HERE = "tests.bench.counts"
YARDSTICK = "Python itself, a step"
PIECES: Mapping[str, str] = {
    YARDSTICK: f"{_HERE}.yardstick:python",
    "MQTT: a message of two values": f"{_HERE}.messages:decoding",
    "decide: a reading of one sample, alone": f"{_HERE}.decisions:alone",
    "decide: a sample, one a reading": f"{_HERE}.decisions:one_sample",
    "decide: a sample, ten a reading": f"{_HERE}.decisions:ten_samples",
    "decide: a reading that turns a rule with an alert": f"{_HERE}.decisions:turning",
    "decide: a member of 1,000 under aggregates": f"{_HERE}.decisions:aggregates",
    "decide: a tick, none of 2,000 timers due": f"{_HERE}.decisions:idle_tick",
    "journal: an entry of ten samples, encoded": f"{_HERE}.entries:encoding",
    "journal: the same, decoded": f"{_HERE}.entries:decoding",
    "push: a change to one subscriber": f"{_HERE}.pushes:shared",
    "push: a frame, 64 with the same selection": f"{_HERE}.pushes:each",
    "GraphQL: a twin with 7 properties, of which one changed": f"{_HERE}.answers:changed_twins",
    "GraphQL: a twin as it was answered last": f"{_HERE}.answers:same_twins",
    "GraphQL: a page of 100 twins, all changed": f"{_HERE}.answers:changed_page",
    "GraphQL: a page of 100 twins as they were": f"{_HERE}.answers:same_page",
    "DTSL: a line, parsed": f"{_HERE}.scripts:parse",
    "DTSL: a line, checked": f"{_HERE}.scripts:check",
    "DTSL: a line, formatted": f"{_HERE}.scripts:form",
}
