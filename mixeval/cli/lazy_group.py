"""A group of commands that are imported when they are asked for."""

import importlib
import keyword
from collections.abc import Mapping

import click


class LazyGroup(click.Group):
    """Load a command's module when it is used; `a-command` lives in PACKAGE/a_command.py as `a_command`, `import` as `import_`.

    Subclasses say which and where: `commands_with_help` has every command with its line in the group's help.
    """

    commands_with_help: Mapping[str, str]
    package: str

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(self.commands_with_help)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in self.commands_with_help:
            return None
        name = cmd_name.replace("-", "_")
        if keyword.iskeyword(name):
            name += "_"
        command: click.Command = getattr(importlib.import_module(f"{self.package}.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(sorted(self.commands_with_help.items()))
