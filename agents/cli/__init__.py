"""The command ``nurture``: commands loaded when asked for, and one place where failures become sentences."""

from importlib import import_module
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from schemas.problem import UserError

COMMANDS: Final = {
    "demo": "the whole pipeline on this machine, weeks in a minute",
    "check": "every mistake in marketing's workplace, with its place",
    "test": "the tests that programs carry: a lead, what it does, what must follow",
    "simulate": "months of programs in seconds: who gets what, and why the rest is silence",
    "preview": "an e-mail as a sample lead would get it",
    "coverage": "what buyers ask, what answers them, and how many leads stand where nothing does",
    "approve": "your name under an e-mail as it stands",
    "send-test": "an e-mail into a colleague's mailbox, marked as a test",
    "ingest": "CSV or JSONL into the pipeline, by a mapping",
    "leads": "who is where: count and list leads by a condition",
    "report": "what was sent and what became of it: variants, and those who were held out",
    "why": "why a lead stands where it stands: every point, every decision",
    "replay": "fold a history again, and name the rows by a digest",
    "backtest": "would this policy have found the leads that bought? against another, too",
    "draft": "a first workplace out of leads with outcomes: fields, rules, points, stages",
    "calibrate": "points that fit outcomes, proposed as a diff of scoring.yaml",
    "export": "every fact of the running pipeline, as JSON lines",
    "queue": "the sales queue: list, show, accept, reject, recycle",
    "ledger": "every send, those in doubt, and the kill switch of mail",
    "pause": "stop a program or an e-mail, in every sender, within 10 seconds",
    "resume": "let a program or an e-mail go on",
    "dead-letters": "what could not be read: list, show, put back, write off",
    "topics": "create and check the topics at the broker",
    "plan": "what a change of policy would do to the leads that are inside",
    "apply": "make the workplace's policy the one that decides",
    "rollback": "make a policy that was applied earlier the one that decides again",
    "run": "run agents: intake, journey, sender, sales",
    "settings": "every setting, its default and its meaning",
}


class _Mendable(click.ClickException):
    """Status 2: settings, files or a broker must be put right. Status 1 is an answer: mistakes found, rows differ."""

    exit_code = 2


class _Commands(click.Group):
    """Loads a command's module only when it is named, and turns what users can mend into one sentence."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = name.replace("-", "_")
        command: click.Command = getattr(import_module(f"agents.cli.{module}"), module)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(name, help=says) for name, says in COMMANDS.items() if name.startswith(incomplete)]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise _Mendable(str(error)) from error


@click.group(cls=_Commands, epilog="Begin with:  nurture demo --once  ·  Completion:  see README, Shell completion")
@click.version_option(package_name="nurture")
def main() -> None:
    """Lead nurturing on Kafka: score the buying journey, send what helps, hand over who is ready."""
