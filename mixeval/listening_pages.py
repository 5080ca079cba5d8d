"""The [test] section of study.toml: which page listeners are given, and what it asks of them.

Each page type has a model of its own with the keys that only it knows; `page` chooses among them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from mixeval.conditions import ConditionId, PlainText
from mixeval.section import Section, Text

DEFAULT_PAGE = "sliders"

Scale = Annotated[tuple[PlainText, ...], Field(min_length=2, max_length=11)]
"""Words from the low end of the scale to its high end, evenly spaced."""


class Attribute(Section):
    """One thing that every mix of a page is rated for, on a scale of its own."""

    name: PlainText
    """As it stands in the tidy table, such as `preference` or `reverberance`."""
    question: PlainText
    scale: Scale


def _asked(name: str, question: str, scale: tuple[str, ...]) -> tuple[Attribute, ...]:
    """Return the one attribute of a page whose own section has validated all three; each save asks for it."""
    return (Attribute.model_construct(name=name, question=question, scale=scale),)


class AttentionPages(Section):
    """Pages with two mixes whose order nobody who listens can get wrong.

    A session in which `worse` is rated as high as `better` is flagged; these ratings enter no table.
    """

    better: ConditionId
    worse: ConditionId
    pages: Annotated[int, Field(ge=1, le=10)] = 1

    @model_validator(mode="after")
    def _two_different_conditions(self) -> "AttentionPages":
        if self.better == self.worse:
            raise ValueError(f'better and worse are both "{self.better}"')
        return self


class ListeningPage(Section):
    """What all page types know."""

    ranks_two_mixes: ClassVar[bool] = True
    """Whether a page can show two mixes and be answered so that one is the better; attention pages need it."""
    fewest_conditions: ClassVar[int] = 1

    question: PlainText = "How much do you like each mix?"
    instructions: Text = (
        "All are the same performance. Play them as often as you wish and put each where it belongs."
    )
    minimum_seconds: Annotated[float, Field(ge=0.0, le=600.0)] = 0.25
    """For how long each mix must have been audible before the page can be left."""
    comments: Literal["none", "page", "mixes", "both"] = "none"
    """Whether listeners may write about the page, about each mix, or both."""
    loop: bool = True
    """Whether playback goes round, and a part of the recording can be chosen to go round."""
    waveform: bool = False
    """Whether the position bar shows the recording's outline, drawn from all mixes together."""
    items_per_participant: Annotated[int, Field(ge=1)] | None = None
    """How many of the items each participant gets, balanced over participants; left out: all."""
    repeats: Annotated[int, Field(ge=0, le=100)] = 0
    """How many pages come a second time at the end, to see how consistent a listener is."""
    attention: AttentionPages | None = None
    break_after_pages: Annotated[int, Field(ge=1)] | None = None
    """After every so many rating pages, a page that suggests a break."""

    @model_validator(mode="after")
    def _attention_is_possible(self) -> "ListeningPage":
        if self.attention is not None and not self.ranks_two_mixes:
            raise ValueError("attention pages put two mixes in order, which this type of page cannot")
        return self

    @property
    def attributes_asked(self) -> tuple[Attribute, ...]:
        """What is asked of each mix, in the order of the page."""
        raise NotImplementedError


class _ScalePage(ListeningPage):
    """Pages on which mixes are placed on one or more continuous scales from 0 to 100."""

    scale: Scale = ("Dislike very much", "Neutral", "Like very much")
    attribute: PlainText = "preference"
    attributes: Annotated[tuple[Attribute, ...], Field(max_length=5)] = ()
    """Several things to ask of each mix; they take the place of `question`, `scale` and `attribute`."""
    show_values: bool = False
    """Whether listeners see the number of their rating."""
    scale_as: Literal["points", "intervals"] = "points"
    """Whether each word of the scale names a point of it, or a part of it as in ITU-R BS.1534-3 (Figure 1)."""

    @model_validator(mode="after")
    def _distinct_attributes(self) -> "_ScalePage":
        names = [attribute.name for attribute in self.attributes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'the attribute "{twice[0]}" is there twice')
        return self

    @property
    def attributes_asked(self) -> tuple[Attribute, ...]:
        return self.attributes or _asked(self.attribute, self.question, self.scale)


class SlidersPage(_ScalePage):
    """One vertical slider for each mix, after MUSHRA (ITU-R BS.1534-3) and its relatives without a reference."""

    page: Literal["sliders"] = "sliders"
    reference: ConditionId | None = None
    """A condition that can be played, named as the reference; the same mix is hidden among the others."""
    unrated: Literal["neutral", "random"] = "neutral"
    """Where a mix is drawn, dashed, that has not been rated: at mid-scale, or at a seeded random place."""


class SingleAxisPage(_ScalePage):
    """All mixes as bars on one horizontal axis (the paper's Figure 2, after APE: De Man and Reiss, AES 136, 2014)."""

    page: Literal["single_axis"] = "single_axis"
    scale: Scale = ("Worst", "Best")
    instructions: Text = (
        "All are the same performance. Click a bar to hear it, drag it to rate it; distances count."
    )
    unrated: Literal["tray", "neutral", "random"] = "tray"
    """Where a bar waits that has not been rated: beside the axis, or dashed at mid-scale or a seeded random place."""


class _ForcedChoicePage(ListeningPage):
    fewest_conditions: ClassVar[int] = 2
    pairs: Annotated[
        tuple[Annotated[tuple[ConditionId, ...], Field(min_length=2, max_length=2)], ...],
        Field(max_length=200),
    ] = ()
    """Which conditions meet; left out: each with each."""
    trials_per_pair: Annotated[int, Field(ge=1, le=50)] = 1
    """How often each pair comes, for each item."""

    @model_validator(mode="after")
    def _each_pair_once_of_two_conditions(self) -> "_ForcedChoicePage":
        for pair in self.pairs:
            if pair[0] == pair[1]:
                raise ValueError(f'a pair holds "{pair[0]}" twice')
        sets = [frozenset(pair) for pair in self.pairs]
        twice = next((pair for pair in self.pairs if sets.count(frozenset(pair)) > 1), None)
        if twice is not None:
            raise ValueError(
                f'"{twice[0]}" and "{twice[1]}" are paired twice; trials_per_pair says how often a pair comes'
            )
        return self


class AbPage(_ForcedChoicePage):
    """Two mixes, of which one is chosen."""

    page: Literal["ab"]
    question: PlainText = "Which mix do you prefer?"
    instructions: Text = "Both are the same performance. Play them as often as you wish, then choose one."
    attribute: PlainText = "preference"
    no_preference: bool = False
    """Whether listeners may say that neither is better."""

    @property
    def attributes_asked(self) -> tuple[Attribute, ...]:
        return _asked(self.attribute, self.question, ("0", "1"))


class AbxPage(_ForcedChoicePage):
    """Two mixes, and an unknown one that is the same as one of them (Munson and Gardner, JASA 22, 1950)."""

    ranks_two_mixes: ClassVar[bool] = False
    page: Literal["abx"]
    question: PlainText = "Is X the same as A or as B?"
    instructions: Text = "X is exactly one of the two. Play all three as often as you wish, then choose."
    trials_per_pair: Annotated[int, Field(ge=1, le=50)] = 5

    @property
    def attributes_asked(self) -> tuple[Attribute, ...]:
        return _asked("identification", self.question, ("0", "1"))


class AcrPage(ListeningPage):
    """One mix at a time, in five categories (ITU-T P.800, absolute category rating)."""

    ranks_two_mixes: ClassVar[bool] = False
    page: Literal["acr"]
    question: PlainText = "How good is this mix?"
    instructions: Text = "Play the mix, then choose the word that fits best."
    attribute: PlainText = "quality"
    scale: Annotated[tuple[PlainText, ...], Field(min_length=5, max_length=5)] = (
        "Bad",
        "Poor",
        "Fair",
        "Good",
        "Excellent",
    )

    @property
    def attributes_asked(self) -> tuple[Attribute, ...]:
        return _asked(self.attribute, self.question, self.scale)


class RankingPage(ListeningPage):
    """All mixes in an order, without ties."""

    fewest_conditions: ClassVar[int] = 2
    page: Literal["ranking"]
    question: PlainText = "Put the mixes in order, the best first"
    instructions: Text = (
        "All are the same performance. Play them as often as you wish, then drag each into your order, "
        "or press Place."
    )
    attribute: PlainText = "preference"
    scale: Annotated[tuple[PlainText, ...], Field(min_length=2, max_length=2)] = ("Worst", "Best")

    @property
    def attributes_asked(self) -> tuple[Attribute, ...]:
        return _asked(self.attribute, self.question, self.scale)


class Bs1116Page(ListeningPage):
    """An open reference and two coded mixes, one of which is the reference again (ITU-R BS.1116-3)."""

    ranks_two_mixes: ClassVar[bool] = False
    fewest_conditions: ClassVar[int] = 2
    page: Literal["bs1116"]
    reference: ConditionId
    """The condition that all others are graded against."""
    question: PlainText = "How much does each differ from the reference?"
    instructions: Text = (
        "One of A and B is the reference itself: give it 5.0. Grade the other by what you hear, "
        "compared with the reference."
    )
    attribute: PlainText = "basic_audio_quality"
    scale: Annotated[tuple[PlainText, ...], Field(min_length=5, max_length=5)] = (
        "Very annoying",
        "Annoying",
        "Slightly annoying",
        "Perceptible, but not annoying",
        "Imperceptible",
    )

    @property
    def attributes_asked(self) -> tuple[Attribute, ...]:
        return _asked(self.attribute, self.question, self.scale)


def _page_tag(section: object) -> str:
    if isinstance(section, Mapping):
        return str(section.get("page", DEFAULT_PAGE))
    return str(getattr(section, "page", DEFAULT_PAGE))


AnyListeningPage = Annotated[
    Annotated[SlidersPage, Tag("sliders")]
    | Annotated[SingleAxisPage, Tag("single_axis")]
    | Annotated[AbPage, Tag("ab")]
    | Annotated[AbxPage, Tag("abx")]
    | Annotated[AcrPage, Tag("acr")]
    | Annotated[RankingPage, Tag("ranking")]
    | Annotated[Bs1116Page, Tag("bs1116")],
    Discriminator(_page_tag),
]

LISTENING_PAGES: Mapping[str, type[ListeningPage]] = {
    "single_axis": SingleAxisPage,
    "sliders": SlidersPage,
    "ab": AbPage,
    "abx": AbxPage,
    "acr": AcrPage,
    "ranking": RankingPage,
    "bs1116": Bs1116Page,
}
"""The page types that are offered, by what `page` calls them."""


def is_page_tag(step: str, table: Mapping[str, Any]) -> bool:
    """Tell the name of the page type that pydantic mixes into a location from a key."""
    return step in LISTENING_PAGES and _page_tag(table) == step


def conditions_named(test: ListeningPage) -> tuple[str, ...]:
    """Return every condition that the section names, for checking against those of the study."""
    names: list[str] = []
    if test.attention is not None:
        names += [test.attention.better, test.attention.worse]
    if isinstance(test, SlidersPage | Bs1116Page) and test.reference is not None:
        names.append(test.reference)
    if isinstance(test, _ForcedChoicePage):
        names += [name for pair in test.pairs for name in pair]
    return tuple(names)
