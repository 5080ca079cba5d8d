"""Read what webMUSHRA's server writes: `mushra.csv`, `paired_comparison.csv` and `bs1116.csv`.

Its columns are `session_test_id`, one for each question of the last page (often e-mail, age, gender), then `session_uuid`
(since 2022, and of MUSHRA pages only), `trial_id` and the answer. The header is written once: where the questions
changed later, rows are longer or shorter than it. So cells are read from the end, where the answer is, and the
questions, which may say who somebody is, are not read at all.

Source: service/write.php of audiolabs/webMUSHRA.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mixeval.errors import AnalysisError
from mixeval_analysis.sources.foreign.imported import Imported, number, pseudonyms, split_lines, tidy

PLATFORM = "webMUSHRA"
_MUSHRA = ("trial_id", "rating_stimulus", "rating_score", "rating_time", "rating_comment")
_PAIRED = (
    "trial_id",
    "choice_reference",
    "choice_non_reference",
    "choice_answer",
    "choice_time",
    "choice_comment",
)
_BS1116 = (
    "trial_id",
    "rating_reference",
    "rating_non_reference",
    "rating_reference_score",
    "rating_non_reference_score",
    "rating_time",
    "choice_comment",
)
_ROLES = {"reference": "reference", "anchor35": "low_anchor", "anchor70": "mid_anchor"}
"""webMUSHRA's own stimuli, and the keys of [analysis] that name them."""


def is_webmushra(header: Sequence[str]) -> bool:
    """Tell webMUSHRA's header by its first column and the trial."""
    return header[:1] == ["session_test_id"] and "trial_id" in header


def read_webmushra(text: str, *, source: str) -> Imported:
    """Read a results file of webMUSHRA. Raises AnalysisError when it cannot be read or holds other answers."""
    header, *lines = split_lines(text, source)
    for columns, read in ((_MUSHRA, _mushra), (_PAIRED, _paired), (_BS1116, _grades)):
        if tuple(header[-len(columns) :]) == columns:
            entries = list(_entries(header, lines, columns, source))
            if not entries:
                raise AnalysisError(f"{source} holds no answers yet", remedy="collect some first")
            _refuse_several_tests(entries, source)
            return read(entries, source)
    kind = "Likert scales" if "stimuli_rating" in header else "another kind"
    raise AnalysisError(
        f"{source} holds answers on webMUSHRA pages of {kind}, which are not read",
        remedy="make a tidy CSV with the columns participant,item,condition,rating of it",
    )


@dataclass(frozen=True)
class _Entry:
    row: int
    test: str
    person: str
    cells: dict[str, str]
    by_uuid: bool


def _entries(
    header: list[str], lines: list[list[str]], columns: tuple[str, ...], source: str
) -> Iterator[_Entry]:
    has_uuid = header[-len(columns) - 1] == "session_uuid"
    tail = len(columns) + has_uuid
    naming = columns[:2] if columns is _MUSHRA else columns[:3]
    sitting, before, seen = 0, tuple[str, ...](), set[tuple[str, ...]]()
    for row, line in enumerate(lines, start=2):
        if not any(line):
            continue
        if len(line) < tail + 1:
            raise AnalysisError(
                f"{source}, row {row}: there are only {len(line)} cells, and the answer takes {tail + 1}",
                remedy="the file may be cut short: copy it again, or delete that row",
            )
        cells = dict(zip(columns, line[-len(columns) :], strict=True))
        if has_uuid:
            person = line[-tail]
            if not person:
                raise AnalysisError(
                    f"{source}, row {row}: session_uuid is empty", remedy="fill it in or delete that row"
                )
        else:
            # A session is written at once: another begins where answers to the questions change, or a trial returns.
            who, answer = tuple(line[1:-tail]), tuple(cells[name] for name in naming)
            if not sitting or who != before or answer in seen:
                sitting, before, seen = sitting + 1, who, set()
            seen.add(answer)
            person = str(sitting)
        yield _Entry(row, line[0], person, cells, by_uuid=has_uuid)


def _refuse_several_tests(entries: list[_Entry], source: str) -> None:
    tests = list(dict.fromkeys(entry.test for entry in entries))
    if len(tests) > 1:
        raise AnalysisError(
            f"{source} holds {len(tests)} tests of webMUSHRA ({', '.join(tests[:5])})",
            remedy="keep the rows of one session_test_id in a file of their own",
        )


def _mushra(entries: list[_Entry], source: str) -> Imported:
    people = pseudonyms(entry.person for entry in entries)
    pages: dict[str, dict[str, int]] = {}
    found: list[dict[str, Any]] = []
    for entry in entries:
        own = pages.setdefault(entry.person, {})
        trial = entry.cells["trial_id"]
        found.append(
            {
                "participant": people[entry.person],
                "item": trial,
                "condition": entry.cells["rating_stimulus"],
                "rating": number(entry.cells["rating_score"], source, f"row {entry.row}"),
                # Rows stand in the order in which pages were shown, and nothing else says it.
                "position": own.setdefault(trial, len(own)),
            }
        )
    rows = tidy(found, source)
    present = set(rows["condition"].unique())
    settings = {key: name for name, key in _ROLES.items() if name in present}
    words = "webMUSHRA's reference and anchors are taken as such." if settings else ""
    return Imported(PLATFORM, rows, _remarks("MUSHRA pages", entries, words), settings=settings)


def _paired(entries: list[_Entry], source: str) -> Imported:
    people = pseudonyms(entry.person for entry in entries)
    found, undecided = [], 0
    for entry in entries:
        reference, other = entry.cells["choice_reference"], entry.cells["choice_non_reference"]
        answer = entry.cells["choice_answer"].lower()
        if answer in {"undecided", "unknown"}:
            undecided += 1
            continue
        if answer not in {"correct", "incorrect"}:
            raise AnalysisError(
                f'{source}, row {entry.row}: choice_answer "{answer[:40]}" is none of webMUSHRA\'s',
                remedy="write correct, incorrect, undecided or unknown",
            )
        found.append(
            {
                "participant": people[entry.person],
                "item": entry.cells["trial_id"],
                "a": reference,
                "b": other,
                "x": reference,
                "chosen": reference if answer == "correct" else other,
                "correct": "true" if answer == "correct" else "false",
            }
        )
    words = "Listeners said which of two was the open reference: read as ABX whose X is always the reference."
    if undecided:
        words += f" Trials without a decision are left out ({undecided})."
    remarks = _remarks("paired comparisons", entries, words)
    return Imported(PLATFORM, tidy(found, source, noun="trial"), remarks)


def _grades(entries: list[_Entry], source: str) -> Imported:
    people = pseudonyms(entry.person for entry in entries)
    found: list[dict[str, Any]] = []
    references = set()
    for entry in entries:
        reference, other = entry.cells["rating_reference"], entry.cells["rating_non_reference"]
        references.add(reference)
        page = {
            "participant": people[entry.person],
            "item": entry.cells["trial_id"],
            "page": f"{people[entry.person]}/{entry.cells['trial_id']}/{other}",
            "page_type": "bs1116",
        }
        where = f"row {entry.row}"
        for condition, score in (
            (reference, "rating_reference_score"),
            (other, "rating_non_reference_score"),
        ):
            found.append(
                {**page, "condition": condition, "rating": number(entry.cells[score], source, where)}
            )
    remarks = _remarks("BS.1116 pages", entries, "")
    return Imported(
        PLATFORM, tidy(found, source), remarks, roles=dict.fromkeys(references, "reference"), scale=(1.0, 5.0)
    )


def _remarks(what: str, entries: list[_Entry], words: str) -> tuple[str, ...]:
    told = (
        "told apart by their session_uuid"
        if entries[0].by_uuid
        else "told apart by where answers to the questionnaire change or a trial comes again, as the file names nobody"
    )
    first = (
        f"Read from webMUSHRA's results of {what}, test {entries[0].test}: listeners are {told}, and numbered; "
        "answers to the questionnaire are not read. All sessions are taken as complete, as webMUSHRA stores no others."
    )
    return (f"{first} {words}".strip(),)
