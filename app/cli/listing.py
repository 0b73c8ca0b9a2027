"""How a group of commands lists them: each with its first paragraph whole, which plain help would cut off at the end of
a line."""

from typing import Any

from typer.core import TyperGroup


class Listing(TyperGroup):
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None and command.help:
            command.short_help = " ".join(command.help.partition("\n\n")[0].split())
        return command
