import pytest

from mixeval.errors import StudyError
from mixeval.recruitment import ExternalIds, RecruitmentSection, WayOut
from mixeval.study import Study, parse_study

TEXT = """
[study]
title = "Drums"
[stimuli]
dataset = { kind = "synthetic" }
[[stimuli.conditions]]
id = "a"
method = "sum"
[[stimuli.conditions]]
id = "b"
method = "sum"
"""
SONA = "https://school.sona-systems.com/webstudy_credit.aspx?experiment_id=12&credit_token=4e48f&survey_code=XXXX"
IDS = ExternalIds("5f1a", study="s1", submission="x1")


def recruitment(lines):
    return parse_study(f"{TEXT}[recruitment]\n{lines}").recruitment


def test_how_people_are_recruited_is_no_part_of_a_version():
    plain = parse_study(TEXT)
    sent = parse_study(f'{TEXT}[recruitment]\nplatform = "prolific"\ncompletion_code = "C1"\n')
    assert sent.canonical_json() == plain.canonical_json()
    assert "recruitment" not in plain.canonical_json()
    assert Study.model_validate_json(sent.canonical_json()).recruitment == RecruitmentSection()


@pytest.mark.parametrize(
    ("lines", "is_open"),
    [
        ("", True),
        ("open = false", False),
        ('platform = "mturk"', False),
        ('platform = "mturk"\nopen = true', True),
    ],
)
def test_a_platform_closes_the_open_link_unless_it_is_left_open(lines, is_open):
    assert recruitment(lines).is_open is is_open


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('platform = "prolific"', "needs completion_code"),
        ('platform = "sona"', "needs completion_address"),
        ('platform = "other"', "needs id_parameter"),
        ('completion_code = "C1"', "of no use to a study without a platform"),
        ('platform = "mturk"\nid_parameter = "id"', 'of no use to platform = "mturk"'),
        ('platform = "prolific"\ncompletion_code = "C1"\nscreened_out_code = "C1"', "the same code"),
        ('platform = "prolific"\ncompletion_code = "a b"', "completion_code"),
        ('platform = "sona"\ncompletion_address = "https://x.example/y"', "Completion URL"),
        ('platform = "other"\nid_parameter = "p"\ncompletion_address = "x"', "begins with https://"),
        ('platform = "other"\nid_parameter = "p"\ncompletion_address = "https://x/{who}"', "knows {id}"),
        ('platform = "other"\nid_parameter = "p"\ncompletion_address = "https://{id}/"', "in its host"),
        ('platform = "other"\nid_parameter = "p"\ncompletion_address = "https://x:port/"', "address"),
        ('platfrom = "prolific"', 'did you mean "platform"'),
    ],
)
def test_what_a_platform_could_not_use_is_refused_in_words(lines, words):
    with pytest.raises(StudyError) as refused:
        recruitment(lines)
    assert words in str(refused.value)


def test_two_places_that_say_where_participants_go_are_refused():
    with pytest.raises(StudyError, match="both say where participants go"):
        parse_study(
            f'{TEXT}[participants]\nredirect = "https://x.example/"\n'
            '[recruitment]\nplatform = "prolific"\ncompletion_code = "C1"\n'
        )


@pytest.mark.parametrize(
    ("lines", "query", "found"),
    [
        # The names that the platforms' own pages give.
        (
            'platform = "prolific"\ncompletion_code = "C1"',
            {"PROLIFIC_PID": "5f1a", "STUDY_ID": "s1", "SESSION_ID": "x1"},
            IDS,
        ),
        (
            'platform = "mturk"',
            {"workerId": "5f1a", "hitId": "s1", "assignmentId": "x1", "turkSubmitTo": "https://w.example"},
            IDS,
        ),
        (f'platform = "sona"\ncompletion_address = "{SONA}"', {"id": "5f1a"}, ExternalIds("5f1a")),
        ('platform = "other"\nid_parameter = "rid"', {"rid": "a@b.example"}, ExternalIds("a@b.example")),
        ('platform = "prolific"\ncompletion_code = "C1"', {"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"}, None),
        ('platform = "prolific"\ncompletion_code = "C1"', {"PROLIFIC_PID": "x" * 129}, None),
        ('platform = "prolific"\ncompletion_code = "C1"', {"PROLIFIC_PID": "=1+1"}, None),
        ('platform = "prolific"\ncompletion_code = "C1"', {"PROLIFIC_PID": "a\0b"}, None),
        ('platform = "prolific"\ncompletion_code = "C1"', {"prolific_pid": "5f1a"}, None),
        ("open = true", {"PROLIFIC_PID": "5f1a"}, None),
    ],
)
def test_each_platform_sends_its_ids_under_its_own_names(lines, query, found):
    assert recruitment(lines).ids_of(query) == found


def test_prolific_gets_the_code_of_each_outcome_back_at_its_own_address():
    codes = 'completion_code = "C1"\nscreened_out_code = "C2"\nno_consent_code = "C3"'
    section = recruitment(f'platform = "prolific"\n{codes}')
    base = "https://app.prolific.com/submissions/complete?cc="
    assert section.way_out("complete", ids=IDS, code="OWN") == WayOut(f"{base}C1", "C1")
    assert section.way_out("screened_out", ids=IDS) == WayOut(f"{base}C2", "C2")
    assert section.way_out("no_consent", ids=IDS) == WayOut(f"{base}C3", "C3")
    assert section.way_out("complete", ids=IDS).host == "app.prolific.com"


def test_without_a_code_for_an_outcome_nobody_goes_to_prolific():
    section = recruitment('platform = "prolific"\ncompletion_code = "C1"')
    assert section.way_out("no_consent", ids=IDS) == WayOut()


def test_mturk_workers_type_their_sessions_own_code_unless_there_is_one_for_all():
    assert recruitment('platform = "mturk"').way_out("complete", ids=IDS, code="OWN") == WayOut(None, "OWN")
    section = recruitment('platform = "mturk"\ncompletion_code = "C1"\nscreened_out_code = "C2"')
    assert section.way_out("complete", ids=IDS, code="OWN") == WayOut(None, "C1")
    assert section.way_out("screened_out", ids=IDS) == WayOut(None, "C2")


def test_sona_is_told_whom_to_credit_at_the_address_that_it_gave():
    section = recruitment(f'platform = "sona"\ncompletion_address = "{SONA}"')
    assert section.way_out("complete", ids=ExternalIds("4711")).address == SONA.replace("XXXX", "4711")
    assert section.way_out("screened_out", ids=ExternalIds("4711")).address is None
    assert section.way_out("complete", ids=None).address is None


def test_other_platforms_get_what_their_patterns_ask_for_and_nothing_breaks_out_of_them():
    section = recruitment(
        'platform = "other"\nid_parameter = "rid"\n'
        'completion_address = "https://panel.example/done?rid={id}&c={code}&p={participant}"'
    )
    out = section.way_out("complete", ids=ExternalIds("a+b@c"), code="X Y&", participant="P1")
    assert out.address == "https://panel.example/done?rid=a%2Bb%40c&c=X%20Y%26&p=P1"
    assert section.way_out("complete", ids=None).address is None
