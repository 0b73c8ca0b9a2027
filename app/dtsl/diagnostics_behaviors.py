"""Messages about what a behavior does; diagnostics.py says how codes and messages are made."""

from app.dtsl.diagnostics import Message

# ---------------------------------------------------------------------------------------------------- 1xx the text


def message_form(told: str, hint: str) -> Message:
    return Message("DTSL160", f"in the message, {told}", hint)


def no_reference(text: str) -> Message:
    hint = "give what is computed a name with 'let' and write that name"
    return Message("DTSL161", f"'{text}' in the message is no property and no name", hint)
