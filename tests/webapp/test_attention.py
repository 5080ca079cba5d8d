import pytest

from mixeval.models import Flag, Page, PageStimulus


@pytest.fixture(autouse=True)
def attention_page(study_folder):
    path = study_folder / "study.toml"
    path.write_text(
        path.read_text() + 'attention = { better = "reference_dry", worse = "low_anchor" }\nrepeats = 1\n'
    )


@pytest.fixture
def rate(listener, database):
    """Take the test, rating the better and the worse mix of the page of attention as told; return its flags."""

    def take(better, worse):
        values = {"reference_dry": better, "low_anchor": worse}
        listener.start()
        while (page := listener.page()) is not None:
            with database.read() as db:
                row = db.get_one(Page, page["page"])
                conditions = {
                    s["token"]: db.get_one(PageStimulus, s["token"]).condition for s in page["stimuli"]
                }
            ratings = listener.ratings(page)
            if row.purpose == "attention":
                ratings = [rating | {"value": values[conditions[rating["stimulus"]]]} for rating in ratings]
            assert listener.complete(page, ratings).status_code == 200
        with database.read() as db:
            # The test itself rates faster than anybody could listen.
            return [(flag.name, flag.detail) for flag in db.query(Flag) if flag.name != "too_fast"]

    return take


def test_who_hears_which_mix_is_better_is_not_flagged(rate):
    assert rate(better=70, worse=69) == []


@pytest.mark.parametrize(("better", "worse"), [(50, 50), (10, 90)])
def test_who_rates_the_worse_mix_as_high_is_flagged_with_both_values(rate, better, worse):
    ((name, detail),) = rate(better, worse)
    assert name == "attention"
    assert (detail["better"], detail["worse"]) == (better, worse)
    assert detail["page"] in {2, 3}


def test_the_browser_is_not_told_which_pages_come_again_or_test_attention(listener):
    listener.start()
    pages = []
    while (page := listener.page()) is not None:
        pages.append(page)
        listener.complete(page, listener.ratings(page))
    assert len(pages) == 4
    assert len({frozenset(page) for page in pages}) == 1
    tokens = [stimulus["token"] for page in pages for stimulus in page["stimuli"]]
    assert len(set(tokens)) == len(tokens) == 4 + 4 + 4 + 2
    everything = "".join(answer.get_data(as_text=True) for answer in listener.received)
    assert not any(word in everything for word in ("attention", '"repeat"', "purpose"))
