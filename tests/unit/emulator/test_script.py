"""Rules and faults are read strictly: what cannot be understood is named."""

from __future__ import annotations

import pytest

from zai_ls.domain import FinishReason, Usage
from zai_ls.emulator.script import FAULTS, BadScript, Fault, Script, read_rules
from zai_ls.emulator.tokens import count, pieces


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "code"])
def test_every_fault_has_a_default(name):
    """Its name alone can be played, and what is written can be read again."""
    fault = Fault.read(name)

    assert Fault.read(str(fault)) == fault


@pytest.mark.parametrize("text", ["", "nonsense", "code", "code=1", "cut=x", "finish=soon", "inband=x"])
def test_faults_that_cannot_be_read(text):
    """The name and the argument are checked before anything is played."""
    with pytest.raises(BadScript):
        Fault.read(text)


def test_rules_from_json():
    """A rule is a fault, an exact reply, or both, for some requests."""
    rules = read_rules(
        {
            "rules": [
                "1302",
                {"fault": "cut=3", "reply": "text", "model": "glm-4.7", "times": None},
                {"reply": "r", "thinking": "t", "finish": "length", "usage": {"prompt_tokens": 5}, "nth": 7},
            ]
        }
    )

    assert [str(rule.fault) for rule in rules] == ["code=1302", "cut=3", "None"]
    assert rules[1].times is None
    assert rules[2].answer.finish is FinishReason.LENGTH
    assert rules[2].answer.usage == Usage(5)
    assert rules[2].nth == 7


@pytest.mark.parametrize(
    "raw", [None, {}, [1], [{}], [{"falt": "1302"}], [{"fault": "x"}], [{"reply": "", "finish": "soon"}], [{"reply": "", "usage": 3}]]
)  # fmt: skip
def test_rules_that_cannot_be_read(raw):
    """A misspelt field is an error, not a rule that never matches."""
    with pytest.raises(BadScript):
        read_rules(raw)


def test_a_rule_for_all_requests_stays():
    """`times: null` is for ever; the first rule that matches is used."""
    script = Script(read_rules([{"fault": "1200", "times": None, "model": "a"}, {"fault": "1305"}]))

    assert [str(script.take("a", "", n).fault) for n in range(3)] == ["code=1200"] * 3
    assert str(script.take("b", "", 4).fault) == "code=1305"
    assert script.take("b", "", 5) is None


@pytest.mark.parametrize(
    "text", ["", "a", "def f():\n    return 1\n", "漢字 and 😀 …", "\t\n  ", "x" * 500_000]
)
def test_pieces_joined_are_the_text(text):
    """Nothing is lost or added by cutting."""
    assert "".join(pieces(text)) == text
    assert count(text) >= len(text) // 4
