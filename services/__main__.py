"""`redress`: the one command."""

import asyncio
import json
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import DBAPIError

from services import catalogue, launch
from shared import config, keys, telemetry
from shared.auth import SCOPES
from shared.config import Settings
from shared.database import is_transient
from shared.eventlog import GroupInUse
from shared.migrate import CannotPrepareDatabase
from shared.postgres import PostgresError

T = TypeVar("T")

cli = typer.Typer(
    name="redress",
    help="Complaint management: nothing a customer says is lost, no promise is forgotten. "
    "Start with `redress up`; settings come from REDRESS_... variables and redress.toml.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
key_commands = typer.Typer(help="API keys: make, list, revoke.", no_args_is_help=True)
cli.add_typer(key_commands, name="keys")
vault_commands = typer.Typer(help="Personal data: seal it anew, erase what is old.", no_args_is_help=True)
cli.add_typer(vault_commands, name="vault")
audit_commands = typer.Typer(help="The audit chains: verify them, make checkpoints.", no_args_is_help=True)
cli.add_typer(audit_commands, name="audit")
out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]


@cli.command()
def up() -> None:
    """Start everything in one process: database, all five services, one port."""
    launch.run(_settings(), list(catalogue.NAMES), migrate_first=True)


@cli.command()
def serve(
    names: Annotated[list[str], typer.Argument(help=f"Any of: {', '.join(catalogue.NAMES)}.")],
) -> None:
    """Start one or several services in this process, against databases and a log that are already up.

    Example: REDRESS_DATABASE_URL=... REDRESS_EVENT_LOG_URL=kafka://... redress serve intake
    """
    unknown = [name for name in names if name not in catalogue.NAMES]
    if unknown:
        _fail(f"There is no service {unknown[0]!r}. There are: {', '.join(catalogue.NAMES)}.")
    launch.run(_settings(), names, migrate_first=False)


@cli.command()
def migrate() -> None:
    """Make or upgrade every schema, and make the first administrator's key."""
    settings = _settings()
    with launch.database(settings) as url:
        _run(launch.prepare(settings, url, lambda name: err.print(f"  [green]✓[/] {name}")))


@cli.command()
def demo(
    complaints: Annotated[int, typer.Option(min=1, max=100_000, help="How many complaints to post.")] = 240,
    as_json: Json = False,
) -> None:
    """Post real complaints, play handlers and customers, and account for every one of them."""
    from demo.play import play

    settings = _settings()
    raise typer.Exit(0 if _run(play(settings, complaints, as_json, out, err)) else 1)


@cli.command()
def replay(
    service: Annotated[str, typer.Argument(help="Consumer whose parked events are handled again.")],
    key: Annotated[str | None, typer.Option(help="Only this complaint's.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Show the parked events, handle none.")] = False,
    from_offset: Annotated[
        int | None, typer.Option(min=0, help="Let the consumer read every topic again from this offset.")
    ] = None,
    from_time: Annotated[
        datetime | None, typer.Option(help="Let the consumer read again what was appended since (UTC).")
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="insights only: make the read models again from the whole log.")
    ] = False,
    discard: Annotated[
        UUID | None, typer.Option(help="Take this parked event out unhandled; prints it, keep that.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why it is taken out; goes to the log, so no personal data.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Handle parked events again, each complaint's in order; or move a consumer back on the log.

    It may run beside the service. A parked event that can never be handled holds up its complaint until it is
    taken out: `--discard EVENT_ID --reason TEXT`; then handle those behind it.

    Moving back repeats no effect: the inbox remembers what was handled. Stop the service first when moving.
    """
    if service not in catalogue.NAMES:
        _fail(f"There is no service {service!r}. There are: {', '.join(catalogue.NAMES)}.")
    if rebuild and service != "insights":
        _fail("Only insights can be rebuilt from the log; the other services own what they keep.")
    if (discard is None) != (reason is None) or reason == "":
        _fail("--discard and --reason go together: say which event, and why it is taken out.")
    from services import replaying

    settings = _settings()
    with launch.database(settings, join=True) as url:
        if rebuild:
            _rebuild(settings, url)
            return
        if from_offset is not None or from_time is not None:
            _run(replaying.move(settings, url, service, from_offset, from_time))
            err.print(f"{service} reads the log again when it starts.")
            return
        if discard is not None and reason is not None:
            telemetry.configure_logging(settings.log_level, settings.log_format)
            letter = _run(replaying.discard(settings, url, service, discard, reason))
            if letter is None:
                _fail(f"No event {discard} is parked for {service}.")
            print(json.dumps(letter, default=str, ensure_ascii=False))
            return
        letters = _run(replaying.letters(settings, url, service, key, handle=not show))
    if as_json:
        out.print_json(json.dumps(letters, default=str))
    else:
        table = Table("event", "type", "complaint", "parked", "result", title=f"Dead letters of {service}")
        for letter in letters:
            table.add_row(*(str(letter[name]) for name in ("event_id", "type", "key", "parked_at", "result")))
        out.print(table if letters else f"No events are parked for {service}.")
    if not show and any(letter["result"] != "handled" for letter in letters):
        raise typer.Exit(1)


def _rebuild(settings: Settings, url: str) -> None:
    from rich.progress import Progress

    from services import replaying

    with Progress(console=err) as bar:
        task = bar.add_task("reading the log", total=None)
        _run(
            replaying.rebuild(
                settings, url, lambda done, total: bar.update(task, completed=done, total=total)
            )
        )
    err.print("insights was made again from the log, and goes on from there when it starts.")


@cli.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or NDJSON.")],
    key: Annotated[str, typer.Option(envvar="REDRESS_KEY", help="API key with the scope complaints:write.")],
    url: Annotated[
        str, typer.Option(envvar="REDRESS_URL", help="Where Redress answers.")
    ] = "http://127.0.0.1:8000",
    kind: Annotated[
        str | None, typer.Option("--format", help="csv or ndjson, if the file's name does not tell.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what became of each row here: CSV, or NDJSON by its name.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import a file of complaints; each row is registered once, however often the command is run.

    Interrupted at any time, run it again: it goes on where it stopped. Exit status 1: some rows were refused, and
    the report says why.
    """
    from services import importing

    try:
        done = importing.run(file, url, key, kind, report, as_json=as_json, err=err)
    except importing.ImportFailed as error:
        _fail(str(error))
    print(importing.summary(done, as_json=as_json))
    raise typer.Exit(0 if done["state"] == "finished" and not done["refused"] else 1)


@cli.command()
def asyncapi(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; standard output if left out.")
    ] = None,
) -> None:
    """Print the AsyncAPI 3 document of the event streams, made from the event registry."""
    from shared.asyncapi import document

    text = document()
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, "utf-8")


@cli.command()
def settings() -> None:
    """Print the configuration reference (Markdown), made from the settings themselves."""
    print(config.reference(), end="")


@key_commands.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="May be given several times.")],
) -> None:
    """Make a key and print it once. Scopes are listed by `redress keys scopes`."""
    with launch.database(_settings(), join=True) as url:
        try:
            print(_run(keys.create_key(url, name, scope)))
        except keys.UnknownScope as error:
            _fail(str(error))


@key_commands.command("list")
def list_keys(as_json: Json = False) -> None:
    """Show the keys; their secrets are not kept anywhere."""
    with launch.database(_settings(), join=True) as url:
        found = _run(keys.list_keys(url))
    if as_json:
        out.print_json(json.dumps(found, default=str))
        return
    table = Table("id", "name", "scopes", "created", "revoked")
    for key in found:
        table.add_row(
            key["id"],
            key["name"],
            " ".join(key["scopes"]),
            str(key["created_at"]),
            str(key["revoked_at"] or ""),
        )
    out.print(table)


@key_commands.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="Id, as `redress keys list` shows it.")]) -> None:
    """Withdraw a key; it stops working within seconds."""
    with launch.database(_settings(), join=True) as url:
        if not _run(keys.revoke_key(url, key_id)):
            _fail(f"There is no key {key_id!r} in force.")


@key_commands.command("scopes")
def list_scopes() -> None:
    """Show what each scope allows."""
    table = Table("scope", "allows")
    for scope, meaning in SCOPES.items():
        table.add_row(scope, meaning)
    out.print(table)


@vault_commands.command("rotate")
def rotate_vault() -> None:
    """Seal personal data anew with the newest of REDRESS_VAULT_KEYS.

    Services may run meanwhile, all of them with the new ring. It can be stopped and started again at any time; when
    it has ended, the older keys are needed no more.
    """
    from rich.progress import Progress

    from services import vaulting
    from services.intake.vault.cipher import Unreadable

    settings = _settings()
    with launch.database(settings, join=True) as url, Progress(console=err) as bar:
        task = bar.add_task("sealing anew", total=None)
        try:
            done = _run(
                vaulting.rotate(
                    settings, url, lambda done, total: bar.update(task, completed=done, total=total)
                )
            )
        except Unreadable as error:
            _fail(f"Personal data cannot be read: {error}.")
    print(done)


@vault_commands.command("retain")
def retain(
    days: Annotated[
        int | None,
        typer.Option(min=1, help="Days after the end of a case; REDRESS_RETENTION_DAYS if left out."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and erase nothing.")] = False,
) -> None:
    """Erase the personal data in cases that ended long ago; prints how many. Counts survive."""
    from services import vaulting

    settings = _settings()
    days = days or settings.retention_days
    if days is None:
        _fail("Say after how many days: --days, or REDRESS_RETENTION_DAYS.")
    with launch.database(settings, join=True) as url:
        print(_run(vaulting.retain(settings, url, days, dry_run=dry_run)))


@audit_commands.command("verify")
def verify_audit(
    complaint: Annotated[UUID | None, typer.Option(help="Only this complaint's chain.")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Compare with what `redress audit checkpoint` wrote."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Is every audit chain whole, and is what it covers as it was? Services may run meanwhile.

    A tail that was cut off, and a chain that somebody wrote anew who knows the secret, are found only with a
    checkpoint. Exit status 1: something is wrong; 2: it could not be verified.
    """
    from rich.progress import Progress

    from services import auditing

    settings = _settings()
    with launch.database(settings, join=True) as url, Progress(console=err, disable=as_json) as bar:
        task = bar.add_task("verifying", total=None)
        try:
            report = _run(
                auditing.verify(
                    settings,
                    url,
                    complaint,
                    checkpoint,
                    lambda done, total: bar.update(task, completed=done, total=total),
                )
            )
        except auditing.CannotVerify as error:
            _fail(str(error))
    if as_json:
        out.print_json(json.dumps(report, default=str, ensure_ascii=False))
    else:
        table = Table("complaint", "entry", "what is wrong", "key", title="Audit chains")
        for each in report["findings"]:
            table.add_row(str(each["complaint_id"]), str(each["number"]), each["en"], each["key"])
        out.print(table if report["findings"] else auditing.well(report))
        if report["wrong"] > len(report["findings"]):
            out.print(f"{report['wrong']} findings; the first {len(report['findings'])} are shown.")
    raise typer.Exit(1 if report["wrong"] else 0)


@audit_commands.command("checkpoint")
def checkpoint_audit(
    output: Annotated[Path, typer.Option("--out", help="File; keep it where Redress cannot write.")],
) -> None:
    """Write down where all audit chains end now, signed."""
    from services import auditing

    settings = _settings()
    with launch.database(settings, join=True) as url:
        print(json.dumps(_run(auditing.write_checkpoint(settings, url, output))))


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        for wrong in error.errors(include_input=False):
            name = "_".join(str(part) for part in wrong["loc"])
            err.print(f"[red]REDRESS_{name.upper()}[/]: {wrong['msg']}")
        raise typer.Exit(2) from None


def _fail(message: str) -> NoReturn:
    err.print(message, style="red", markup=False)
    raise typer.Exit(2)


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def main() -> None:
    try:
        cli()
    except (PostgresError, CannotPrepareDatabase, launch.CannotStart, GroupInUse) as error:
        err.print(str(error), style="red", markup=False)
        raise SystemExit(1) from None
    except Exception as error:
        if not is_transient(error):
            raise
        cause = error.orig if isinstance(error, DBAPIError) else error
        err.print(
            f"Redress cannot reach what it needs: {str(cause) or type(cause).__name__}. Check REDRESS_DATABASE_URL "
            "and REDRESS_EVENT_LOG_URL.",
            style="red",
            markup=False,
            soft_wrap=True,
        )
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
