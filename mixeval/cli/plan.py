"""`mixeval plan`: how many participants, before the data."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mixeval.errors import AnalysisError, StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mixeval.plan_section import PlanSection
    from mixeval.study import Study
    from mixeval_analysis.inference.variance_components import Components
    from mixeval_analysis.plans.pilot import Pilot
    from mixeval_analysis.plans.planning import Answer, Origin, Question
    from mixeval_analysis.tables import Table

_NO_STUDY_OUTPUT = Path("mixeval-plan")
_SD_OPTIONS = (
    ("participant", "Participants use the scale higher or lower."),
    ("item", "Items are liked more or less."),
    ("participant-item", "Participants differ in which items they like."),
    ("participant-condition", "Participants differ in which conditions they like: decides most."),
    ("item-condition", "Conditions do better on some items than on others."),
    ("residual", "What is left: a rating given again."),
)


class _Range(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on, and 8.1 will do
    """Two numbers, `A..B`."""

    def __init__(self, name: str, number: type[int] | type[float], *, single: bool = False) -> None:
        self.name, self._number, self._single = name, number, single

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        parts = str(value).split("..")
        try:
            numbers = [self._number(part) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) == 1 and self._single:
            numbers *= 2
        if len(numbers) != 2 or numbers[0] > numbers[1] or (not self._single and numbers[0] == numbers[1]):
            self.fail(f"{value} is not {self.name}", param, ctx)
        return tuple(numbers)


def _sd_options(command: Any) -> Any:
    for name, meaning in reversed(_SD_OPTIONS):
        command = click.option(
            f"--sd-{name}", type=click.FloatRange(min=0), metavar="POINTS", help=f"SD: {meaning}"
        )(command)
    return command


@click.command(
    epilog="""\b
Examples:
  mixeval plan my-study --difference 5 --from pilot.csv
  mixeval plan my-study --margin 5 --power 0.9 --typical
  mixeval plan --items 6 --conditions 7 --difference 5 --sd-participant-condition 6 --sd-residual 15
  mixeval plan my-study --difference 5 --margin 5 --from pilot.csv --participants 40 --freeze
"""
)
@click.argument("study", required=False, type=click.Path(path_type=Path))
@click.option(
    "--difference",
    type=click.FloatRange(min=0, min_open=True),
    metavar="POINTS",
    help="The smallest difference of two conditions that is to be found.",
)
@click.option(
    "--margin",
    type=click.FloatRange(min=0, min_open=True),
    metavar="POINTS",
    help="The largest difference that still counts as none. [default: the study's]",
)
@click.option(
    "--means", metavar="M,M,...", help="True means of all conditions. [default: two differ, others midway]"
)
@click.option(
    "--power",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    default=0.8,
    show_default=True,
    help="How often the difference, or the equivalence, is to be found.",
)
@click.option(
    "--participants",
    type=_Range("a number or A..B", int, single=True),
    metavar="N|A..B",
    help="Look at panels from A to B, or state the number. [default: up to 200]",
)
@click.option("--from", "pilot", metavar="SOURCE", help="Ratings of a pilot or an earlier study.")
@click.option("--typical", is_flag=True, help="Take standard deviations of published tests instead.")
@_sd_options
@click.option(
    "--items", type=click.IntRange(min=1), help="Items that each participant rates. [default: the study's]"
)
@click.option("--conditions", type=click.IntRange(min=2), help="[default: the study's]")
@click.option(
    "--comparisons", type=click.IntRange(min=1), help="Pairs to correct over. [default: each with each]"
)
@click.option(
    "--scale",
    type=_Range("two numbers, A..B", float),
    metavar="A..B",
    help="Bottom and top of the scale. [default: the study's, else 0..100]",
)
@click.option(
    "--step", type=click.FloatRange(min=0), help="Ratings are whole multiples of it; 0: any. [default: 1]"
)
@click.option("--simulations", type=click.IntRange(min=100, max=100_000), default=2000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="Of the simulation. [default: the study's, else 0]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for table, figure and plan.json. [default: STUDY/plan, else mixeval-plan]",
)
@click.option("--freeze", is_flag=True, help="Write the plan into study.toml, as a preregistration.")
@click.option("--replace", is_flag=True, help="With --freeze: in the place of an earlier plan.")
@click.option("--json", "as_json", is_flag=True, help="Print plan.json.")
def plan(study: Path | None, **asked: Any) -> None:
    """Say how many participants a test needs.

    Panels are simulated with what makes ratings vary, and the tests that the report makes are run on each: the
    exact Wilcoxon signed-rank test of participants' means with Holm's correction, Friedman's, and the test of
    equivalence. Items, conditions, scale and margin are those of STUDY where there is one. How much ratings vary
    is yours to say: --from a pilot, the --sd-... options, or --typical.
    """
    from mixeval_analysis.plans.planning import answer  # noqa: PLC0415 - loaded only once it plans
    from mixeval_analysis.plans.power_table import power_table  # noqa: PLC0415

    setting = _setting(study, asked)
    components, origin, pilot = _components(setting, asked)
    found = answer(_question(setting, components, asked))
    tables = [power_table(found, origin.words), *([pilot.table] if pilot else [])]
    folder = asked["out"] or (study / "plan" if study else _NO_STUDY_OUTPUT)
    frozen = _plan_section(setting, found, origin) if asked["freeze"] else None

    # Drawing takes a second to load, which errors above need not wait for.
    from mixeval_analysis.plans.plan_folder import facts, write_plan  # noqa: PLC0415

    write_plan(found, tables, origin, folder)
    if frozen is not None and study is not None:
        from mixeval.preregistration import freeze  # noqa: PLC0415 - as above

        freeze(study, frozen, replace=asked["replace"])
    if as_json := asked["as_json"]:
        content = {"folder": str(folder), **facts(found, origin)}
        click.echo(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))
    if not as_json:
        _show(found, tables, pilot.notes if pilot else ())
        if frozen is not None and study is not None:
            _say_frozen(study, frozen)
        click.echo(f"Table, figure and plan.json: {folder}")


class _Setting(NamedTuple):
    """What is planned for: the study if there is one, and what it or the command line says of the test."""

    study: "Study | None"
    items: int
    conditions: int
    scale: tuple[float, float]
    step: float
    margin: float | None
    attribute: str | None
    seed: int


def _setting(folder: Path | None, asked: dict[str, Any]) -> _Setting:
    if asked["replace"] and not asked["freeze"]:
        raise StudyError("--replace belongs to --freeze", remedy="write both, or neither")
    if folder is None:
        if asked["freeze"]:
            raise StudyError("there is no study to write the plan into", remedy="name its folder")
        for name in ("items", "conditions"):
            if asked[name] is None:
                raise AnalysisError(
                    f"nothing says how many {name} there are", remedy=f"name a study, or give --{name}"
                )
        scale = asked["scale"] or (0.0, 100.0)
        step = 1.0 if asked["step"] is None else asked["step"]
        return _Setting(
            None, asked["items"], asked["conditions"], scale, step, asked["margin"], None, asked["seed"] or 0
        )
    from mixeval.study import read_study  # noqa: PLC0415 - as above
    from mixeval_analysis.ratings import SCALES  # noqa: PLC0415

    study = read_study(folder)
    page = study.test.page
    if page not in SCALES:
        raise StudyError(
            f'{folder} asks on a page "{page}", and plans are made for ratings on a scale',
            remedy=f"plan for a page of the kind {', '.join(SCALES)}",
        )
    if asked["freeze"] and asked["conditions"] not in {None, len(study.conditions)}:
        raise StudyError(
            f"{folder} has {len(study.conditions)} conditions, and a plan for {asked['conditions']} is not its own",
            remedy="leave --conditions out",
        )
    own_step = 0.1 if page == "bs1116" else 1.0
    return _Setting(
        study=study,
        items=asked["items"] or _items(folder, study),
        conditions=asked["conditions"] or len(study.conditions),
        scale=asked["scale"] or SCALES[page],
        step=own_step if asked["step"] is None else asked["step"],
        margin=asked["margin"] or study.analysis.margin,
        attribute=study.test.attributes_asked[0].name,
        seed=study.study.seed if asked["seed"] is None else asked["seed"],
    )


def _items(folder: Path, study: "Study") -> int:
    """Count the items that each participant rates, by study.toml or, where that names none, by what is rendered."""
    from mixeval.errors import ManifestError  # noqa: PLC0415 - as above
    from mixeval.manifest import read_manifest  # noqa: PLC0415

    named = study.stimuli.items
    if isinstance(named, tuple):
        items = set(named)
    else:
        try:
            items = {item.item for item in read_manifest(folder).items}
        except ManifestError as error:
            raise StudyError(
                f"{folder} does not say how many items there are before it is rendered",
                remedy="give --items, or run `mixeval render` first",
            ) from error
    count = len(items - set(study.participants.practice_items))
    return min(count, study.test.items_per_participant or count)


def _components(setting: _Setting, asked: dict[str, Any]) -> "tuple[Components, Origin, Pilot | None]":
    from dataclasses import replace  # noqa: PLC0415 - as above

    from mixeval_analysis.inference.variance_components import TYPICAL, Components  # noqa: PLC0415
    from mixeval_analysis.plans.pilot import read_pilot  # noqa: PLC0415
    from mixeval_analysis.plans.planning import Origin  # noqa: PLC0415
    from mixeval_analysis.reporting.provenance import answers_sha256  # noqa: PLC0415

    names = [name.replace("-", "_") for name, _ in _SD_OPTIONS]
    given = {name: asked[f"sd_{name}"] for name in names if asked[f"sd_{name}"] is not None}
    part = (setting.scale[1] - setting.scale[0]) / 100
    typical = Components(**{name: sd * part for name, sd in TYPICAL.as_dict().items()})
    if asked["pilot"] and asked["typical"]:
        raise AnalysisError("--from and --typical are both there", remedy="choose one")
    if asked["pilot"]:
        pilot = read_pilot(asked["pilot"], scale=setting.scale)
        words = f"{pilot.words}{', but for those given' if given else ''}"
        return (
            replace(pilot.estimate.components, **given),
            Origin(words, answers_sha256(pilot.ratings)),
            pilot,
        )
    if asked["typical"]:
        words = f"typical of published tests{', but for those given' if given else ''}"
        return replace(typical, **given), Origin(words), None
    if not given:
        values = ", ".join(f"{name.replace('_', ' x ')} {sd:g}" for name, sd in typical.as_dict().items())
        raise AnalysisError(
            "nothing says how much ratings vary, and no number of participants follows without",
            remedy=(
                "give --from SOURCE (ratings of a pilot or an earlier study), or --sd-participant-condition and "
                f"--sd-residual, or, as a stated guess, --typical ({values} points)"
            ),
        )
    return Components(**given), Origin("given"), None


def _question(setting: _Setting, components: "Components", asked: dict[str, Any]) -> "Question":
    from mixeval_analysis.plans.planning import Question  # noqa: PLC0415 - as above

    return Question(
        items=setting.items,
        conditions=setting.conditions,
        components=components,
        difference=asked["difference"],
        margin=setting.margin,
        means=_means(asked["means"]),
        comparisons=asked["comparisons"],
        scale=setting.scale,
        step=setting.step,
        power=asked["power"],
        participants=asked["participants"],
        simulations=asked["simulations"],
        seed=setting.seed,
    )


def _means(text: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise AnalysisError(
            f"--means {text} are no numbers", remedy="write --means 60,62.5,70, one for each condition"
        ) from error


def _plan_section(setting: _Setting, found: "Answer", origin: "Origin") -> "PlanSection":
    from mixeval import __version__  # noqa: PLC0415 - as above
    from mixeval.plan_section import PlannedSd, PlanSection  # noqa: PLC0415

    study, question = setting.study, found.question
    if study is None or found.participants is None:
        raise AnalysisError(
            "no panel that was looked at reaches the power that is wanted, so there is nothing to freeze",
            remedy="look at larger panels, or state the number you will have with --participants N",
        )
    order = study.analysis.order or ()
    return PlanSection(
        made_with=f"mixeval {__version__}",
        participants=found.participants,
        items=question.items,
        conditions=(*order, *(c.id for c in study.conditions if c.id not in order)),
        attribute=setting.attribute,
        tests=tuple(name for name in ("friedman", "wilcoxon", "equivalence") if name in found.curves),
        comparisons=question.family,
        difference=question.difference,
        margin=question.margin,
        means=question.means,
        contrasts=study.analysis.contrasts,
        exclude=study.analysis.exclude,
        power=question.power,
        simulations=question.simulations,
        seed=question.seed,
        sd_from=origin.words,
        sd=PlannedSd(**{name: round(sd, 6) for name, sd in question.components.as_dict().items()}),
    )


def _show(found: "Answer", tables: "Sequence[Table]", notes: "Sequence[str]") -> None:
    from rich import box  # noqa: PLC0415 - loaded only where it prints
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as Grid  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from mixeval_analysis.plans.power_table import NAMES  # noqa: PLC0415

    console = Console()

    def say(text: str, style: str = "") -> None:
        console.print(Text(text, style=style))

    table = tables[0]
    console.print()
    say(table.title, "bold")
    say(f"{table.method} {table.level}", "dim")
    sd = found.question.components.of_differences(found.question.items)
    say(f"Participants' mean differences so vary by {sd:.3g} points (sd).", "dim")
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("Participants", *(NAMES[test] for test in found.curves)):
        grid.add_column(Text(heading), justify="right")
    for n in found.shown:
        cells = [found.at(test, n) for test in found.curves]
        chosen = "bold" if n == found.participants else ""
        grid.add_row(str(n), *(f"{p.power:.2f} ({p.low:.2f} to {p.high:.2f})" for p in cells), style=chosen)
    console.print(grid)
    console.print()
    for sentence in _sentences(found):
        say(sentence, "bold")
    for note in (*notes, *table.notes):
        say(note, "dim")


def _sentences(found: "Answer") -> list[str]:
    question, sentences = found.question, []
    purposes = {
        "wilcoxon": f"to find a difference of {found.pair_difference or 0:.4g} points",
        "equivalence": f"to show equivalence within {question.margin or 0:g} points",
    }
    last = question.participants[1] if question.participants and question.fixed is None else 200
    for test, purpose in purposes.items():
        if test not in found.found:
            continue
        reached = found.found[test]
        if question.fixed is not None:
            power = found.at(test, question.fixed)
            sentences.append(f"{question.fixed} participants have power {power.power:.2f} {purpose}.")
        if reached.participants is None:
            sentences.append(f"No panel up to {last} has power {question.power:g} {purpose}.")
        else:
            error = f" ({reached.least} to {reached.most or 'more'} within the simulation's error)"
            verb = "participants have" if question.fixed is None else "would have"
            sentences.append(f"{reached.participants} {verb} power {question.power:g} {purpose}{error}.")
    return sentences


def _say_frozen(study: Path, frozen: "PlanSection") -> None:
    click.echo(
        f"The plan stands in {study / 'study.toml'}, [analysis.plan], with {frozen.participants} participants."
    )
    if (study / "study.sqlite3").exists():
        click.echo(
            "The study has a database already: sessions of its earlier versions were not taken under this plan, and "
            "the report says so."
        )
