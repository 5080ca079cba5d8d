"""`mixeval new`: the study.toml of a kind of test, with a comment at each decision."""

from importlib.resources import files
from pathlib import Path

import click

from mixeval.errors import StudyError
from mixeval.study import FILE_NAME

TEMPLATES = {
    "paper": "the paper's design: six drum loops, seven mixes, one axis",
    "preference": "how much each mix is liked, on sliders, without a reference",
    "mushra": "quality against a reference, after ITU-R BS.1534-3",
    "ab": "which of two mixes is preferred",
    "abx": "whether two mixes can be told apart",
    "acr": "how good each mix is by itself, in five words (ITU-T P.800)",
    "ranking": "the mixes put in an order",
    "bs1116": "small impairments against a reference, after ITU-R BS.1116-3",
}
"""Every template with what it is for; each is mixeval/cli/templates/NAME.toml."""


@click.command(
    epilog="Example: mixeval new my-study --template paper",
    help="Write the commented study.toml of a kind of test into the folder DIR.\n\n\b\nTemplates:\n"
    + "\n".join(f"  {name:<11} {purpose}" for name, purpose in TEMPLATES.items()),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--template", type=click.Choice(tuple(TEMPLATES)), required=True, help="The kind of test.")
def new(folder: Path, *, template: str) -> None:
    path = folder / FILE_NAME
    _write(path, (files("mixeval.cli") / "templates" / f"{template}.toml").read_text(encoding="utf-8"))
    click.echo(f"Wrote {path}: {TEMPLATES[template]}.\n")
    click.echo("Next:")
    for number, step in enumerate(
        (
            f"read {path} and put in your title, recordings and mixes",
            f"mixeval render {folder}      measures, aligns and writes the stimuli",
            f"mixeval serve {folder}       shows you the test, at http://127.0.0.1:8000",
            f"mixeval simulate {folder}    lets simulated listeners take it (in a copy of the folder)",
            f"mixeval analyze {folder}     makes tables, figures and report.html",
        ),
        start=1,
    ):
        click.echo(f"  {number}. {step}")


def _write(path: Path, text: str) -> None:
    """Write a new file. Raises StudyError where there is one already, or where none can be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise StudyError(
            f"{path} is there already" if path.exists() else f"{path.parent} is not a folder",
            remedy="name another folder",
        ) from error
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror})", remedy="name a folder that you may write in"
        ) from error
