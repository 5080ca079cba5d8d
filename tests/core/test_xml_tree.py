"""Judges: Python's own parser, which opens what this one refuses, and the memory and time of the operating system."""

import resource
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mixeval.errors import AnalysisError
from mixeval.xml_tree import DEEPEST, LARGEST_BYTES, is_xml, parse_xml

# Ten times ten times ... : 10^9 letters of 1 kB.
LEVELS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
BILLION = f'<!DOCTYPE r [<!ENTITY e0 "{"h" * 10}">{LEVELS}]><r>&e8;</r>'.encode()
# One long entity named often: expat stops nothing below 8 MiB, nor what grows less than a hundred times.
QUADRATIC = f'<!DOCTYPE r [<!ENTITY e "{"h" * 60_000}">]><r>{"&e;" * 100}</r>'.encode()


def _parse(content):
    return parse_xml(content, "test.xml", refusal=AnalysisError, noun="result of a tool")


def test_python_s_parser_stops_the_billion_laughs_and_lets_smaller_bombs_pass():
    with pytest.raises(ET.ParseError, match="amplification"):
        ET.fromstring(BILLION)
    assert len(ET.fromstring(QUADRATIC).text) == 6_000_000


@pytest.mark.parametrize(
    "content",
    [
        BILLION,
        QUADRATIC,
        BILLION.decode().encode("utf-16"),
        b'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r>&f;</r>',
        b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r/>',
        b'<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><r/>',
        b'<?xml version="1.0"?>\n<!-- harmless -->\n<!DOCTYPE r><r/>',
    ],
    ids=["laughs", "quadratic", "utf-16", "file", "network", "parameter entity", "empty"],
)
def test_a_document_type_is_refused_before_anything_it_declares_is_read(content):
    with pytest.raises(
        AnalysisError, match=r"test\.xml declares a document type, which no result of a tool does"
    ):
        _parse(content)


def test_no_bomb_takes_memory(tmp_path):
    (tmp_path / "bomb.xml").write_bytes(QUADRATIC.replace(b"h" * 60_000, b"h" * 6_000_000))
    script = (
        "import resource, sys\nfrom pathlib import Path\nfrom mixeval.errors import AnalysisError\n"
        "from mixeval.xml_tree import parse_xml\nbefore = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    parse_xml(Path(sys.argv[1]).read_bytes(), 'b', refusal=AnalysisError, noun='x')\n"
        "except AnalysisError as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    assert resource.RUSAGE_SELF == 0
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "bomb.xml"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    said, kilobytes = done.stdout.splitlines()
    assert "declares a document type" in said
    assert int(kilobytes) < 50_000  # the file alone is 6 MB; what it declares would be 600 MB


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<a>" * (DEEPEST + 1), "nested more than 100 deep"),
        (b"<a>" * 1_000_000, "nested more than 100 deep"),
        (b"<" + b" " * LARGEST_BYTES, "has 32 MB"),
        (b"<a>&undeclared;</a>", "no complete XML"),
        (b"<a>\x00</a>", "no complete XML"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "no complete XML"),
        (b"", "no complete XML"),
    ],
)
def test_what_is_too_deep_too_large_or_broken_is_refused_in_words(content, words):
    with pytest.raises(AnalysisError, match=words):
        _parse(content)


def test_plain_xml_is_read_whatever_the_chunks_that_it_comes_in():
    text = "<r>" + "".join(f"<p n='{n}'>ä&amp;</p>" for n in range(9000)) + "</r>"
    for encoded in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        pages = _parse(encoded).findall("p")
        assert [page.get("n") for page in pages] == [str(n) for n in range(9000)]
        assert {page.text for page in pages} == {"ä&"}


def test_xml_is_told_by_its_first_letter():
    assert is_xml(b"\xef\xbb\xbf \n<waet/>")
    assert not is_xml(b"participant,item\n")
    assert not is_xml(b"")
    assert not is_xml(Path(__file__).read_bytes())
