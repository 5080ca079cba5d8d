"""`mixeval convert`: a test of another platform as a study."""

import json
from pathlib import Path

import click


@click.command(
    epilog="""\b
Examples:
  mixeval convert configs/drums.yaml --out my-study
  mixeval convert configs/drums.yaml --out my-study --only mushra --audio webMUSHRA
  mixeval convert tests/drums.xml --out my-study --json
"""
)
@click.argument("test", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The study's folder, a new one.",
)
@click.option(
    "--audio",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The folder that the test's paths begin from. [default: TEST's own, or one of three above]",
)
@click.option(
    "--only", metavar="TYPE", help="Of a webMUSHRA test with several types of rating page, the one to take."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was made, lost and changed as JSON.")
def convert(test: Path, out: Path, *, audio: Path | None, only: str | None, as_json: bool) -> None:
    """Make a study of a test of webMUSHRA (YAML) or the Web Audio Evaluation Tool (XML).

    Its audio files are copied into the study. What mixeval has no place for, and what will work in another way, is
    said, and stands at the head of study.toml.
    """
    from mixeval.cli.terminal import visible  # noqa: PLC0415 - loaded only where it prints
    from mixeval.conversion.converting import convert_test  # noqa: PLC0415 - pydantic and soundfile load when they are needed

    made = convert_test(test, out, audio=audio, only=only)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "study": str(made.folder),
                    "platform": made.platform,
                    "page": made.page,
                    "items": made.items,
                    "conditions": dict(made.conditions),
                    "copied_files": made.copied_files,
                    "not_carried_over": made.lost,
                    "different": made.changed,
                },
                indent=1,
                ensure_ascii=False,
            )
        )
        return
    click.echo(
        visible(
            f"{made.platform}: {len(made.items)} items in {len(made.conditions)} conditions "
            f"({', '.join(made.conditions.values())}), page = {made.page}, {made.copied_files} files copied."
        )
    )
    for heading, sentences in (("Not carried over:", made.lost), ("Different here:", made.changed)):
        if sentences:
            click.echo(f"\n{heading}")
        for sentence in sentences:
            click.echo(visible(f"  - {sentence}"))
    click.echo(f"\nStudy: {made.folder} (next: mixeval render {made.folder})")
