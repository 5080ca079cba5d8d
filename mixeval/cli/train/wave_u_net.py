"""`mixeval train wave-u-net`: train a Wave-U-Net on dry or wet mixes."""

import json
import math
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from mixeval_stimuli.extras import needing
from mixeval_stimuli.training.options import Options, read_options
from mixeval_stimuli.training.schedule import Epoch, State, ending, is_over, steps_of_epoch


@click.command(
    "wave-u-net",
    epilog="""\b
Examples:
  mixeval train wave-u-net ENST-Drums --variant dry --out models/dry
  mixeval train wave-u-net ENST-Drums --variant wet --out models/wet --config small.toml --max-minutes 240
""",
    short_help="Train a Wave-U-Net, the paper's or a smaller one.",
)
@click.argument(
    "datasets",
    metavar="DATASET...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option("--variant", type=click.Choice(["dry", "wet"]), help="Which reference mix is learnt.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder of the run."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file of options; what stands on the command line goes before it.",
)
@click.option("--batch-size", type=click.IntRange(min=1), help="Snippets in a step. [default: 16]")
@click.option(
    "--output-frames", type=click.IntRange(min=1), help="Samples of mix in a snippet. [default: 88200]"
)
@click.option("--max-steps", type=click.IntRange(min=1), help="End after so many steps in all.")
@click.option("--max-minutes", type=click.FloatRange(min=0, min_open=True), help="End after so long in all.")
@click.option("--precision", type=click.Choice(["fp32", "bf16"]), help="[default: fp32]")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of weights and snippets. [default: 1337]")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto takes a GPU where PyTorch finds one.",
)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; by default as PyTorch chooses.")
@click.option("--json", "as_json", is_flag=True, help="Print what was reached as JSON.")
def wave_u_net(
    datasets: Sequence[Path],
    *,
    out: Path,
    config: Path | None,
    device: str,
    threads: int | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Train a Wave-U-Net to mix each DATASET as its engineer did, and keep the run in --out.

    A DATASET is ENST-Drums or a folder of the same shape, split into train and val by its split.csv or by the
    paper's. Left alone, all is as the paper's authors had it. The network with the lowest validation loss is
    best.safetensors. The same command goes on with a run that was stopped or killed. Ctrl-C stops after the step
    and saves; a second one ends at once. Several GPUs train together when torchrun starts this command.
    """
    options = read_options(config, {name: value for name, value in given.items() if value is not None})
    # PyTorch takes seconds to load, which errors above need not wait for.
    with needing("models", "training a Wave-U-Net"):
        from mixeval_stimuli.training.corpus import open_corpus  # noqa: PLC0415
        from mixeval_stimuli.training.processes import joined, prepare_device  # noqa: PLC0415
        from mixeval_stimuli.training.run import train  # noqa: PLC0415

    where = prepare_device(device, threads=threads)
    with joined() as processes, _Bar(options, shown=processes.first) as bar:
        corpus = processes.shared(lambda: open_corpus(datasets, options, progress=bar.opened))
        with _stop_signals(bar) as received:
            state = train(
                corpus.training,
                corpus.validation,
                options,
                out,
                data=dict(corpus.description),
                device=where,
                stepped=bar.stepped,
                progress=bar.epoch_ended,
                stop=lambda: bool(received),
                processes=processes,
            )
    summary = _summary(out, options, state)
    if processes.first:
        click.echo(json.dumps(summary, indent=1) if as_json else _sentence(summary))
    if summary["ended_by"] is None:
        # As a shell tells of a program that a signal ended; another process may have had it.
        sys.exit(128 + (received[0] if received else signal.SIGTERM))


@contextmanager
def _stop_signals(bar: "_Bar") -> Iterator[list[int]]:
    """Collect the signals that ask for a stop while a block runs; the second of a kind acts as ever."""
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, before[signal.Signals(number)])
        bar.say("stopping after this step; once more ends at once")

    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in wanted}
    for number in wanted:
        signal.signal(number, handle)
    try:
        yield received
    finally:
        for number in wanted:
            signal.signal(number, before[number])


class _Bar:
    """A progress bar on standard error: recordings opened, then the steps of each epoch, and a line for each."""

    def __init__(self, options: Options, *, shown: bool) -> None:
        self._options = options
        self._console = Console(stderr=True, quiet=not shown)
        self._bar = ProgressBar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("opening recordings", total=None, losses="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def opened(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)

    def stepped(self, state: State, loss: float) -> None:
        epoch = len(state.history) + 1
        left = len(steps_of_epoch(self._options, state))
        if state.epoch_steps == 1 or f"epoch {epoch}" != self._bar.tasks[self._task].description:
            # The time left is estimated from this epoch's own steps.
            self._bar.reset(self._task, completed=state.epoch_steps - 1, total=state.epoch_steps + left)
        losses = f"loss {loss:.5f}, mean {state.epoch_loss / state.epoch_steps:.5f}"
        if state.history:
            losses += f", best validation {state.best_loss:.5f}"
        if not left:
            losses += ", validating"
        self._bar.update(self._task, completed=state.epoch_steps, description=f"epoch {epoch}", losses=losses)

    def epoch_ended(self, epoch: Epoch) -> None:
        self.say(
            f"epoch {epoch.epoch}, {epoch.step} steps, {epoch.minutes:.1f} min:"
            f" training {epoch.training_loss:.5f}, validation {epoch.validation_loss:.5f}"
            f"{' (best)' if epoch.best else ''}, learning rate {epoch.learning_rate:g}"
        )

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _summary(out: Path, options: Options, state: State) -> dict[str, Any]:
    from mixeval_stimuli.training.run_folder import BEST, LAST, LOSSES, PLOT  # noqa: PLC0415 - PyTorch

    some = bool(state.history)
    return {
        "folder": str(out),
        "checkpoint": str(out / BEST) if some else None,
        "state": str(out / LAST) if state.step else None,
        "losses": str(out / LOSSES) if some else None,
        "plot": str(out / PLOT) if some else None,
        "ended_by": ending(options, state) if is_over(options, state) else None,
        "steps": state.step,
        "epochs": len(state.history),
        "minutes": round(state.minutes, 2),
        "best_validation_loss": state.best_loss if math.isfinite(state.best_loss) else None,
        "best_step": state.best_step if some else None,
    }


def _sentence(summary: dict[str, Any]) -> str:
    best = (
        f"best validation loss {summary['best_validation_loss']:.5f} after {summary['best_step']} steps,"
        f" in {summary['checkpoint']}"
        if summary["checkpoint"]
        else "no epoch was finished, so there is no checkpoint yet"
    )
    if summary["ended_by"] is None:
        return (
            f"stopped and saved after {summary['steps']} steps; the same command goes on from there ({best})"
        )
    return f"trained {summary['steps']} steps in {summary['minutes']:.1f} min: {best}"
