"""Judge: what the commands print, and the page that a listener of the converted test is given."""

import json
import re

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from mixeval.cli import main
from mixeval.settings import Settings
from mixeval_webapp.app import create_app, site_of

YAML = """
testname: Drum mixes
pages:
  - type: mushra
    id: loop1
    content: Rate <i>every</i> mix.
    enableLooping: true
    reference: audio/loop1_ref.wav
    createAnchor35: true
    stimuli: {condition_1: audio/loop1_net.wav, no: audio/loop1_forest.wav}
  - type: mushra
    id: loop2
    content: Rate <i>every</i> mix.
    enableLooping: true
    reference: audio/loop2_ref.wav
    createAnchor35: true
    stimuli: {condition_1: audio/loop2_net.wav, no: audio/loop2_forest.wav}
  - {type: finish, name: End, content: Thank you, questionnaire: [{type: text, name: remarks, label: Remarks}]}
"""

XML = """<waet><setup interface="APE" loudness="-25"><metric/><interface/></setup>
<page id="loop1" hostURL="audio/loop1_" loop="true"><interface name="liking"><title>Which do you like?</title></interface>
<audioelement url="ref.wav" id="a0"/><audioelement url="net.wav" id="a1"/><audioelement url="forest.wav" id="a2"/></page>
<page id="loop2" hostURL="audio/loop2_" loop="true"><interface name="liking"><title>Which do you like?</title></interface>
<audioelement url="net.wav" id="b0"/><audioelement url="ref.wav" id="b1"/><audioelement url="forest.wav" id="b2"/></page>
</waet>"""


@pytest.mark.parametrize(
    ("name", "text", "page", "mixes"),
    [("test.yaml", YAML, "sliders", 4), ("test.xml", XML, "single_axis", 3)],
)
def test_a_converted_test_renders_and_is_served(tmp_path, name, text, page, mixes):
    (tmp_path / "audio").mkdir()
    for item in ("loop1", "loop2"):
        for seed, mix in enumerate(("ref", "net", "forest")):
            noise = 0.1 * np.random.default_rng(seed).standard_normal((30_000, 2))
            soundfile.write(tmp_path / "audio" / f"{item}_{mix}.wav", noise, 44100)
    (tmp_path / name).write_text(text, encoding="utf-8")
    study = tmp_path / "study"
    converted = CliRunner().invoke(main, ["convert", str(tmp_path / name), "--out", str(study), "--json"])
    assert converted.exit_code == 0, converted.output
    assert json.loads(converted.output)["items"] == ["loop1", "loop2"]
    rendered = CliRunner().invoke(main, ["render", str(study)])
    assert rendered.exit_code == 0, rendered.output
    assert f"rendered {2 * mixes}, reused 0" in rendered.output

    app = create_app(
        study, settings=Settings(database_url=f"sqlite:///{tmp_path / 'a.sqlite3'}", secret_key="k" * 64)
    )
    try:
        client = app.test_client()
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', client.get("/").text))
        assert client.post("/start", data=form).status_code == 303
        shown = client.get("/test").text
        data = json.loads(re.search(r'id="page-data">(.*?)</script>', shown, re.DOTALL)[1])
        assert data["type"] == page
        assert len([mix for mix in data["stimuli"] if mix["role"] == "rated"]) == mixes
        # Long enough that no random token or code has it in it.
        assert "condition_1" not in shown
    finally:
        site_of(app).database.close()
