"""Judge: what mixeval reads of the study.toml that was written, and the bytes of the audio."""

import pytest

from mixeval.conversion.converting import convert_test
from mixeval.errors import ConversionError
from mixeval.study import read_study

YAML = """
testname: Drum mixes
testId: drums_a
language: en
pages:
  - type: generic
    id: hello
    name: Welcome
    content: Put on <b>headphones</b>.
  - - random
    - type: mushra
      id: loop1
      name: Loop 1
      content: Rate every mix.
      showWaveform: true
      enableLooping: true
      reference: audio/loop1_ref.wav
      createAnchor35: true
      createAnchor70: false
      stimuli:
        C1: audio/loop1_net.wav
        C2: audio/loop1_forest.wav
    - - type: mushra
        id: loop2
        name: Loop 2
        content: Rate every mix.
        showWaveform: true
        enableLooping: true
        reference: audio/loop2_ref.wav
        createAnchor35: true
        stimuli:
          C2: audio/loop2_forest.wav
          C1: audio/loop2_net.wav
  - type: finish
    name: Thanks
    content: Done
    writeResults: true
    questionnaire:
      - type: number
        name: years
        label: For how many years have you mixed?
        min: 0
        max: 80
        optional: true
      - type: likert
        name: gear
        label: What did you listen with?
        response:
          - value: phones
            label: Headphones
          - value: box
            label: Loudspeakers
"""


@pytest.fixture
def convert(write_test, tmp_path):
    def run(text, **options):
        made = convert_test(write_test(text), tmp_path / "study", **options)
        return made, read_study(tmp_path / "study")

    return run


def test_pages_become_items_and_stimuli_are_matched_by_their_keys(convert, tool, tmp_path):
    made, study = convert(YAML)
    assert study.stimuli.items == ("loop1", "loop2")
    assert [(one.id, one.method, one.role) for one in study.conditions] == [
        ("reference", "files", "reference"),
        ("C1", "files", "system"),
        ("C2", "files", "system"),
        ("anchor35", "anchor", "anchor"),
    ]
    assert study.conditions[3].options == {"of": "reference", "cutoff_hz": 3500}
    assert made.copied_files == 6
    for item in ("loop1", "loop2"):
        for ours, theirs in (("reference", "ref"), ("C1", "net"), ("C2", "forest")):
            copied = tmp_path / "study" / "mixes" / item / f"{ours}.wav"
            assert copied.read_bytes() == (tool / "audio" / f"{item}_{theirs}.wav").read_bytes()


def test_the_page_the_words_and_the_questions_are_carried_over(convert):
    _, study = convert(YAML)
    assert study.study.title == "Drum mixes"
    test = study.test
    assert (test.page, test.reference, test.waveform, test.loop) == ("sliders", "reference", True, True)
    assert test.scale == ("Bad", "Poor", "Fair", "Good", "Excellent")
    assert test.scale_as == "intervals"
    assert test.instructions == "Rate every mix."
    assert study.participants.thanks == "Done"
    assert study.participants.consent.startswith("Put on headphones.\n\n")
    years, gear = study.participants.questions
    assert (years.id, years.type, years.low, years.high, years.required, years.at) == (
        "years",
        "number",
        0,
        80,
        False,
        "end",
    )
    assert (gear.type, gear.options, gear.required) == ("choice", ("Headphones", "Loudspeakers"), True)


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("testId: drums_a", "showButtonPreviousPage: true", "the button back to earlier pages"),
        (
            "testId: drums_a",
            "bufferSize: 2048",
            "settings of the tool itself, of which a study needs none: bufferSize",
        ),
        (
            "      createAnchor70: false",
            "      randomize: false",
            "in an order that is balanced over participants",
        ),
        ("      createAnchor70: false", "      showConditionNames: true", "names of mixes on the page"),
        ("      createAnchor70: false", "      switchBack: true", "switchBack"),
        ("      createAnchor70: false", "      holdLoop: true", '"holdLoop" on line 19'),
        ("Put on <b>headphones</b>.", "Look <img src='a.png'>", "<img> a.png"),
        ("    writeResults: true", "    showResults: true", "showing people their own results"),
        ("    writeResults: true", "    popupContent: Bye <i>bye</i>", 'what pops up at the end: "Bye bye"'),
        ("        optional: true", "        default: 30", "begins with (30)"),
        ("name: years", "name: e-mail", "asks who somebody is"),
        ("name: years", "name: age", "are called age_2, there age"),
        ("      content: Rate every mix.", "      content: Rate them all.", 'the text of the page "loop2"'),
        ("- type: number", "- type: slider", "of type slider"),
        ("language: en", "language: tlh", "the language tlh"),
        ("language: en", "language: de", "The question is in English"),
        (
            "    - - type: mushra",
            "    - type: spatial\n      id: where\n    - - type: mushra",
            "of type spatial",
        ),
        (
            "      createAnchor70: false",
            "      createAnchor70: true",
            'the page "loop2", which compares other mixes',
        ),
    ],
)
def test_what_has_no_place_is_said_and_stands_in_study_toml(convert, tmp_path, written, instead, said):
    assert written in YAML
    made, _ = convert(YAML.replace(written, instead, 1))
    assert any(said in sentence for sentence in (*made.lost, *made.changed))
    head = (tmp_path / "study" / "study.toml").read_text(encoding="utf-8").split("[study]")[0]
    for sentence in (*made.lost, *made.changed):
        assert f"# - {sentence}" in head


def test_nothing_is_lost_of_a_test_that_mixeval_has_every_word_for(convert):
    made, _ = convert(YAML.replace("testId: drums_a\n", "").replace("    writeResults: true\n", ""))
    assert made.lost == ("titles of pages: Loop 1 and Loop 2",)


@pytest.mark.parametrize(
    "name", ["no", "007", "12:30:00", "1e3", "1_000", "null", "~", "0x1F", "2026-01-02", "yes"]
)
def test_an_unquoted_name_stays_the_text_that_was_written(convert, name):
    _, study = convert(YAML.replace("C1:", f"{name}:").replace("testname: Drum mixes", f"testname: {name}"))
    assert name in {one.label for one in study.conditions}
    if name not in {"null", "~"}:
        assert study.study.title == name


@pytest.mark.parametrize(
    ("kind", "page", "conditions"),
    [
        ("bs1116", "bs1116", ("reference", "C1", "C2")),
        ("paired_comparison", "abx", ("reference", "C1", "C2")),
    ],
)
def test_other_pages_against_a_reference_become_their_own_kind(convert, kind, page, conditions):
    text = YAML.replace("type: mushra", f"type: {kind}")
    text = "\n".join(line for line in text.splitlines() if "createAnchor" not in line)
    _, study = convert(text)
    assert study.test.page == page
    assert tuple(one.id for one in study.conditions) == conditions
    if page == "abx":
        assert study.test.pairs == (("reference", "C1"), ("reference", "C2"))
        assert study.test.trials_per_pair == 1


def _likert(kind, words):
    scale = "".join(f"        - value: {word}\n          label: {word}\n" for word in words)
    return "testname: t\npages:\n" + "".join(
        f"    - type: {kind}\n      id: {item}\n      mustRate: true\n      stimuli:\n"
        f"        C1: audio/{item}_net.wav\n        C2: audio/{item}_forest.wav\n      response:\n{scale}"
        for item in ("loop1", "loop2")
    )


def test_likert_pages_become_categories_or_sliders(convert):
    words = ("bad", "poor", "fair", "good", "excellent")
    made, study = convert(_likert("likert_single_stimulus", words))
    assert (study.test.page, study.test.scale) == ("acr", words)
    assert "The first answer is taken as the low end of the scale: from bad to excellent." in made.changed


def test_likert_pages_of_several_stimuli_become_sliders(convert):
    made, study = convert(_likert("likert_multi_stimulus", ("no", "yes")))
    assert (study.test.page, study.test.scale, study.test.reference) == ("sliders", ("no", "yes"), None)
    assert any("continuous" in sentence for sentence in made.changed)


def test_a_volume_page_becomes_the_level_step(convert):
    volume = (
        "  - {type: volume, id: v, name: V, stimulus: audio/loop2_net.wav, defaultVolume: 0.5}\n  - - random"
    )
    made, study = convert(YAML.replace("  - - random", volume))
    assert (study.participants.level.item, study.participants.level.condition) == ("loop2", "C1")
    assert any("defaultVolume" in sentence for sentence in made.lost)


def test_of_a_test_with_several_types_of_page_one_is_named(convert, tmp_path):
    text = YAML.replace(
        "  - type: finish",
        "  - {type: bs1116, id: fine, reference: audio/loop1_ref.wav, stimuli: {C1: audio/loop1_net.wav}}\n  - type: finish",
    )
    with pytest.raises(ConversionError, match=r"mushra \(2\) and bs1116 \(1\).*--only TYPE"):
        convert(text)
    assert not (tmp_path / "study").exists()
    made, study = convert(text, only="mushra")
    assert study.test.page == "sliders"
    assert 'the page "fine" of type bs1116' in made.lost


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ("pages:\n", "trails:\n", "has no list of pages"),
        ("pages:\n", "page:\n", 'line 5: "page" is no key of the top level; did you mean "pages"'),
        (
            "      stimuli:",
            "      stimulli:",
            'line 20: "stimulli" is no key of a mushra page; did you mean "stimuli"',
        ),
        ("testId:", "testid:", 'line 3: "testid" is no key of the top level; did you mean "testId"'),
        ("type: mushra", "type: mushr", 'line 11: there is no page of type "mushr"; did you mean "mushra"'),
        (
            "    - type: mushra\n      id: loop1",
            "    - typ: mushra\n      id: loop1",
            'line 11: a page has no type; line 11 says "typ"',
        ),
        ("      reference: audio/loop1_ref.wav\n", "", 'the page "loop1" has no reference'),
        ("id: loop2", "id: loop1", 'the page "loop1" is there twice'),
        (
            "C2: audio/loop1_forest.wav",
            "C1: audio/loop1_forest.wav",
            'line 22: "C1" is there twice, first on line 21',
        ),
        ("language: en", "testname: again", '"testname" is there twice, first on line 2'),
        (
            "createAnchor35: true",
            "createAnchor35: perhaps",
            'createAnchor35 is "perhaps"; write true or false',
        ),
        ("        min: 0", "        min: few", 'min is "few", which is no number'),
        ("        min: 0", "        min: .inf", "which is no number"),
        ("        C1: audio/loop1_net.wav", "        C1: [a, b]", "C1 must be text, and it is a list"),
        (
            "        C1: audio/loop1_net.wav\n        C2: audio/loop1_forest.wav",
            "        - audio/x.wav",
            "stimuli must be names with files",
        ),
        ("C1: audio/loop1_net.wav", "reference: audio/loop1_net.wav", 'a mix is called "reference"'),
        ("C1: audio/loop1_net.wav", "anchor35: audio/loop1_net.wav", 'a mix is called "anchor35"'),
        ("audio/loop1_net.wav", "audio/gone.wav", "audio/gone.wav cannot be found below"),
        ("audio/loop1_net.wav", "../../../../../../../../etc/hostname", "lies outside of"),
        ("audio/loop1_net.wav", "https://example.org/a.wav", "lies on the web, and nothing is fetched"),
        ("audio/loop1_net.wav", "configs/drums.yaml", "is no audio that can be read"),
        (
            "    - type: mushra\n      id: loop1",
            "    - stuff\n    - type: mushra\n      id: loop1",
            '"stuff" among the pages is no page',
        ),
        (
            "  - - random",
            "  - - random\n    - !!python/object/apply:os.system [touch pwned]",
            "which no test needs",
        ),
        ("Rate every mix.", "!!binary aGk=", "no page at all"),
        ("language: en", "language: [en", "line 5"),
        ("language: en", "language: *nobody", "line 4"),
        ("Put on", "Please: put on", "line 9: mapping values are not allowed here; put text with a colon"),
        ("language: en", "<<: {a: b}", "a key must be a word"),
        ("language: en", "? [a]\n: b", "a key must be a word"),
    ],
)
def test_a_slip_of_the_pen_is_refused_with_its_line_and_what_was_meant(
    convert, tmp_path, written, instead, words
):
    assert written in YAML
    if words == "no page at all":
        convert(YAML.replace(written, instead, 1))  # a tag of YAML's own is the text that was written
        return
    with pytest.raises(ConversionError) as refused:
        convert(YAML.replace(written, instead, 1))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "study").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["tool"]


BOMB = "testname: x\na: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "aliases make it larger than 100000 values"),
        ("testname: &x [*x]\n", "nested too deeply"),
        ("testname: " + "[" * 20_000, "nested too deeply"),
        ("pages:\n" + "".join(f"{' ' * depth}- \n" for depth in range(200)), "nested too deeply"),
        ("testname: x\n" + "#" * 2**20, "kB, and a test has a hundred at most"),
        ("testname: \x00", "is no YAML"),
        (b"testname: \xff", "line 1 is not UTF-8 text"),
        ("pages: []", "has no list of pages"),
        ("pages: text", "has no list of pages"),
        ("pages: [random]", "has no page on which anything is rated"),
        ("- a\n- b\ntestname:", "line 3"),
        ("testname: a\n--- \ntestname: b", "line 2"),
        ("", "is no test of webMUSHRA"),
        ("participant,item,condition,rating\n", "is no test of webMUSHRA"),
    ],
)
def test_what_is_hostile_or_no_test_is_refused_in_words(convert, text, words):
    with pytest.raises(ConversionError) as refused:
        convert(text)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 500


def test_mixes_that_rendering_would_refuse_are_named(convert, tool):
    import soundfile

    samples, rate = soundfile.read(tool / "audio" / "loop2_net.wav")
    soundfile.write(tool / "audio" / "loop2_net.wav", samples[:-9000], rate)
    soundfile.write(tool / "audio" / "loop1_net.wav", samples, 48000)
    made, _ = convert(YAML)
    assert any('"loop2" are 0.34 to 0.54 s long: cut them alike' in sentence for sentence in made.changed)
    assert any(
        '"loop1" have different sample rates (44100, 48000 Hz)' in sentence for sentence in made.changed
    )


def test_a_study_that_is_there_is_never_overwritten(convert, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.toml").write_text("mine")
    with pytest.raises(ConversionError, match="is there already"):
        convert(YAML)
    assert (tmp_path / "study" / "study.toml").read_text() == "mine"
