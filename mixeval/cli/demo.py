"""`mixeval demo`: a whole study, from synthetic drums to the report and a running server."""

from importlib.resources import files
from pathlib import Path

import click
from rich.console import Console

from mixeval.cli.analyze import analyze
from mixeval.cli.render import render
from mixeval.cli.serve import serve
from mixeval.cli.simulate import simulate
from mixeval.errors import StudyError
from mixeval.settings import DATABASE_NAME
from mixeval.study import FILE_NAME

LISTENERS = 20


@click.command(epilog="Example: mixeval demo my-demo --no-serve")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("mixeval-demo"))
@click.option("--no-serve", is_flag=True, help="Stop before serving.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port to serve on."
)
@click.pass_context
def demo(ctx: click.Context, folder: Path, *, no_serve: bool, port: int) -> None:
    """Build a small study in DIR from synthetic drums, fill it with simulated listeners, analyse and serve it.

    Each step is an ordinary command, printed before it runs. Started again on the same DIR, it keeps what is
    there. The listeners are simulated and marked so everywhere.
    """
    console = Console()
    _write_study(folder)
    console.print(f"[bold]mixeval render {folder}[/bold]")
    ctx.invoke(render, study=folder)
    if not (folder / DATABASE_NAME).exists():
        console.print(f"\n[bold]mixeval simulate {folder} --listeners {LISTENERS}[/bold]")
        ctx.invoke(simulate, target=str(folder), listeners=LISTENERS)
    console.print(f"\n[bold]mixeval analyze {folder}[/bold]")
    ctx.invoke(analyze, source=str(folder))
    if not no_serve:
        console.print(f"\n[bold]mixeval serve {folder} --port {port}[/bold]")
        ctx.invoke(serve, study=folder, port=port)


def _write_study(folder: Path) -> None:
    path = folder / FILE_NAME
    wanted = (files("mixeval.cli") / "demo_study.toml").read_text(encoding="utf-8")
    try:
        if path.exists():
            _check_same(path, wanted)
            return
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise StudyError(f"{folder} is not empty", remedy="name an empty folder for the demo")
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted, encoding="utf-8")
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be used ({error.strerror})",
            remedy="name a folder that you may read and write",
        ) from error


def _check_same(path: Path, wanted: str) -> None:
    if path.read_text(encoding="utf-8", errors="replace") != wanted:
        raise StudyError(f"{path.parent} holds another study", remedy="name an empty folder for the demo")
