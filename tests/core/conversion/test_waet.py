"""Judge: what mixeval reads of the study.toml that was written, and the bytes of the audio."""

import re

import pytest

from mixeval.conversion.converting import convert_test
from mixeval.errors import ConversionError
from mixeval.study import read_study

XML = """<?xml version="1.0" encoding="utf-8"?>
<waet>
  <setup interface="MUSHRA" randomiseOrder="true" poolSize="1" loudness="-23" returnURL="https://lab.example.org/thanks">
    <exitText>Good bye.</exitText>
    <survey location="before">
      <surveyentry type="statement" id="intro"><statement>You will hear drums.</statement></surveyentry>
      <surveyradio id="gear" mandatory="true">
        <statement>What do you listen with?</statement>
        <option name="phones">Headphones</option><option name="box">Loudspeakers</option>
      </surveyradio>
    </survey>
    <survey location="post">
      <surveyquestion id="remarks" boxsize="large"><statement>Anything else?</statement></surveyquestion>
    </survey>
    <metric><metricenable>testTimer</metricenable></metric>
    <interface><interfaceoption type="check" name="fragmentMoved"/></interface>
  </setup>
  <page id="loop1" hostURL="audio/loop1_" randomiseOrder="true" loop="true">
    <interface name="quality">
      <title>How good is it?</title>
      <scales>
        <scalelabel position="100">Good</scalelabel>
        <scalelabel position="50">Fair</scalelabel>
        <scalelabel position="0">Bad</scalelabel>
      </scales>
    </interface>
    <audioelement url="ref.wav" id="loop1-0" type="reference"/>
    <audioelement url="net.wav" id="loop1-1"/>
    <audioelement url="forest.wav" id="loop1-2" type="anchor"/>
    <audioelement url="ref.wav" id="loop1-3" type="outside-reference"/>
    <survey location="after">
      <surveynumber id="sure" min="1" max="7"><statement>How sure?</statement></surveynumber>
    </survey>
  </page>
  <page id="loop2" hostURL="audio/loop2_" randomiseOrder="true" loop="true">
    <interface name="quality">
      <title>How good is it?</title>
      <scales>
        <scalelabel position="0">Bad</scalelabel>
        <scalelabel position="50">Fair</scalelabel>
        <scalelabel position="100">Good</scalelabel>
      </scales>
    </interface>
    <audioelement url="forest.wav" id="loop2-9" type="anchor"/>
    <audioelement url="net.wav" id="loop2-8"/>
    <audioelement url="ref.wav" id="loop2-7" type="reference"/>
    <audioelement url="ref.wav" id="loop2-6" type="outside-reference"/>
  </page>
</waet>
"""


@pytest.fixture
def convert(write_test, tmp_path):
    def run(text, **options):
        made = convert_test(write_test(text, "drums.xml"), tmp_path / "study", **options)
        return made, read_study(tmp_path / "study")

    return run


def test_pages_become_items_and_mixes_are_matched_by_their_files(convert, tool, tmp_path):
    made, study = convert(XML)
    assert study.stimuli.items == ("loop1", "loop2")
    assert [(one.id, one.role) for one in study.conditions] == [
        ("ref", "reference"),
        ("net", "system"),
        ("forest", "anchor"),
    ]
    assert (study.test.page, study.test.reference) == ("sliders", "ref")
    assert study.stimuli.target_lufs == -23.0
    for item in ("loop1", "loop2"):
        for mix in ("ref", "net", "forest"):
            copied = tmp_path / "study" / "mixes" / item / f"{mix}.wav"
            assert copied.read_bytes() == (tool / "audio" / f"{item}_{mix}.wav").read_bytes()
    assert made.lost == ()


def test_scale_order_loop_pool_surveys_and_the_end_are_carried_over(convert):
    _, study = convert(XML)
    test, people = study.test, study.participants
    assert (test.attribute, test.question, test.scale) == (
        "quality",
        "How good is it?",
        ("Bad", "Fair", "Good"),
    )
    assert (test.loop, test.items_per_participant) == (True, 1)
    assert (people.consent, people.thanks) == ("You will hear drums.", "Good bye.")
    assert people.redirect == "https://lab.example.org/thanks"
    gear, remarks, sure = people.questions
    assert (gear.type, gear.options, gear.at, gear.required) == (
        "choice",
        ("Headphones", "Loudspeakers"),
        "start",
        True,
    )
    assert (remarks.type, remarks.at, remarks.required) == ("long_text", "end", False)
    assert (sure.type, sure.low, sure.high, sure.at, sure.items) == ("number", 1, 7, "after_page", ("loop1",))


def test_a_name_goes_before_files_and_ids(convert):
    named = re.sub(r'id="(loop\d-[0792])"', lambda found: f'id="{found[1]}" name="k{found[1][-1]}"', XML)
    named = re.sub(r'name="k[0-9]"', "", named)
    text = named.replace('url="net.wav"', 'url="net.wav" name="network"').replace(
        'url="ref.wav"', 'url="ref.wav" name="human"'
    )
    text = text.replace('url="forest.wav"', 'url="forest.wav" name="trees"')
    text = re.sub(
        r'(type="outside-reference")',
        r'name="open" \1',
        text.replace('name="human" id="loop1-3"', 'id="loop1-3"').replace(
            'name="human" id="loop2-6"', 'id="loop2-6"'
        ),
    )
    _, study = convert(text)
    assert {one.id for one in study.conditions} == {"human", "network", "trees"}
    assert study.test.reference == "human"


def test_ids_without_their_page_name_mixes_whose_files_differ(convert, tool):
    text = XML
    for item in ("loop1", "loop2"):
        for mix in ("ref", "net", "forest"):
            (tool / "audio" / f"{item}_{mix}.wav").rename(tool / "audio" / f"{item}_{item}{mix}.wav")
    text = re.sub(
        r'hostURL="audio/(loop\d)_"(.*?)</page>',
        lambda page: page[0].replace('url="', f'url="{page[1]}'),
        text,
        flags=re.DOTALL,
    )
    text = (
        text.replace('id="loop2-7"', 'id="loop2-0"')
        .replace('id="loop2-8"', 'id="loop2-1"')
        .replace('id="loop2-9"', 'id="loop2-2"')
        .replace('id="loop2-6"', 'id="loop2-3"')
    )
    _, study = convert(text)
    assert {one.id for one in study.conditions} == {"0", "1", "2"}


@pytest.mark.parametrize(
    ("interface", "page"),
    [
        ("APE", "sliders"),
        ("horizontal", "sliders"),
        ("vertical", "sliders"),
        ("AB", "ab"),
        ("ABX", "abx"),
        ("ordinal", "ranking"),
    ],
)
def test_each_interface_has_its_page(convert, interface, page):
    made, study = convert(XML.replace("MUSHRA", interface))
    assert study.test.page == page
    if interface in {"APE", "horizontal"}:
        assert any("only they have an open reference" in sentence for sentence in made.changed)
    if page != "sliders":
        assert any("the open reference of the page" in sentence for sentence in made.lost)


def test_without_an_open_reference_the_axis_stays_an_axis_with_all_its_attributes(convert):
    text = re.sub(r"<audioelement[^>]*outside-reference[^>]*/>", "", XML.replace("MUSHRA", "APE"))
    depth = '</interface><interface name="depth"><title>How deep?</title></interface>'
    text = text.replace("</scales>\n    </interface>", f"</scales>\n    {depth}")
    _, study = convert(text)
    assert study.test.page == "single_axis"
    assert [(one.name, one.question) for one in study.test.attributes] == [
        ("quality", "How good is it?"),
        ("depth", "How deep?"),
    ]


def test_an_open_reference_that_was_not_rated_is_hidden_among_the_others(convert):
    text = XML.replace('url="ref.wav" id="loop1-3"', 'url="net.wav" id="loop1-3"')
    text = re.sub(r'<audioelement url="net.wav" id="loop\d-[18]"/>', "", text).replace(
        'url="ref.wav" id="loop2-6"', 'url="net.wav" id="loop2-6"'
    )
    made, study = convert(text)
    assert (study.test.reference, len(study.conditions)) == ("net", 3)
    assert any("hidden among the rated mixes too" in sentence for sentence in made.changed)


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('loudness="-23"', "", "which this test did not ask for"),
        ('loudness="-23"', 'loudness="-3"', "the loudness of -3 LUFS"),
        ('loudness="-23"', 'loudness="-23" crossFade="0.5"', "its crossfade"),
        ('loudness="-23"', 'loudness="-23" calibration="true"', "the page of ten tones"),
        ('loop="true"', 'loop="false"', "Some pages loop"),
        ('loop="true"', 'loop="true" position="0"', 'the fixed place of the page "loop1"'),
        ('loop="true"', 'loop="true" label="number"', "mixes are called A, B, C"),
        ('loop="true"', 'loop="true" repeatCount="1"', "come once more"),
        ('loop="true"', 'loop="true" restrictMovement="true"', "restrictMovement"),
        ('id="loop1-1"', 'id="loop1-1" gain="-6"', "the gain of -6 dB"),
        ('id="loop1-1"', 'id="loop1-1" marker="20"', "the mark that must be passed"),
        ('position="50">Fair', 'position="20">Fair', "evenly spaced"),
        ("fragmentMoved", "scalerange", "the checks scalerange"),
        ("<title>How good is it?</title>", '<title>x</title><image src="a.png"/>', "the picture a.png"),
        ('randomiseOrder="true" poolSize', "poolSize", "there it is fixed"),
        ("<statement>How sure?", "<conditional/><statement>How sure?", "(conditional)"),
        ("surveynumber", "surveyyoutube", "the youtube"),
        ("surveynumber", "surveyslider", "is a number to be typed"),
        ("surveynumber", "surveystatement", "the statement"),
        ("What do you listen with?", "What is your name?", "asks who somebody is"),
        ('returnURL="https://lab', 'returnURL="javascript:lab', "where people went at the end"),
    ],
)
def test_what_has_no_place_is_said_and_stands_in_study_toml(convert, tmp_path, written, instead, said):
    assert written in XML
    made, _ = convert(
        XML.replace(written, instead) if "survey" in written else XML.replace(written, instead, 1)
    )
    assert any(said in sentence for sentence in (*made.lost, *made.changed)), made
    head = (tmp_path / "study" / "study.toml").read_text(encoding="utf-8").split("[study]")[0]
    for sentence in (*made.lost, *made.changed):
        assert f"# - {sentence}" in head


def test_a_practice_page_with_other_mixes_is_named(convert):
    page = '<page id="try"><interface/><audioelement url="audio/loop1_net.wav" id="t-1"/></page>'
    made, study = convert(XML.replace("</waet>", f"{page}</waet>"))
    assert study.stimuli.items == ("loop1", "loop2")
    assert any('the page "try", which compares other mixes' in sentence for sentence in made.lost)


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ("<waet>", "<!DOCTYPE x><waet>", "declares a document type"),
        ("</waet>", "", "is no complete XML"),
        ("<waet>", "<waetresult>", "is no complete XML"),
        ("MUSHRA", "timeline", "which mixeval has no page for"),
        ("MUSHRA", "MUSHRAA", 'did you mean "mushra"'),
        ('id="loop2"', 'id="loop1"', 'the page "loop1" is there twice'),
        ('url="net.wav" id="loop1-1"', 'url="ref.wav" id="loop1-0"', 'two of its mixes are called "ref"'),
        ("audio/loop1_", "https://example.org/", "lies on the web"),
        ("audio/loop1_", "../../../../../../../etc/", "lies outside of"),
        ("audio/loop1_", "lost/", "cannot be found below"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(convert, tmp_path, written, instead, words):
    with pytest.raises(ConversionError) as refused:
        convert(XML.replace(written, instead))
    assert words in str(refused.value)
    assert not (tmp_path / "study").exists()


def test_a_result_is_no_test(convert):
    with pytest.raises(
        ConversionError, match=r"is a result of the Web Audio Evaluation Tool, and no test; .*mixeval import"
    ):
        convert('<waetresult key="k"/>')


def test_a_real_specification_becomes_a_study(dev_data, tmp_path):
    import xml.etree.ElementTree as ET

    import numpy as np
    import soundfile

    test = dev_data / "platform-results" / "waet" / "listening_test.xml"
    for page in ET.parse(test).getroot().findall("page"):
        for seed, mix in enumerate(page.findall("audioelement")):
            path = tmp_path / (page.get("hostURL") + mix.get("url"))
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal((9000, 2)), 44100)
    made = convert_test(test, tmp_path / "study", audio=tmp_path)
    study = read_study(tmp_path / "study")
    assert len(made.items) == 15
    assert set(made.conditions) == {"orig", "other", "proposed", "magenta", "target"}
    assert (study.test.reference, study.test.items_per_participant) == ("target", 7)
    assert any('the page "training"' in sentence for sentence in made.lost)
