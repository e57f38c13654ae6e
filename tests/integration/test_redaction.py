"""Secrets in code, from the text to the wire and back: nothing that leaves holds one, and the edit keeps it."""

from __future__ import annotations

import json
import re
from random import Random

import pytest

from tests.data.secrets import true
from tests.integration.stories import fenced, lines, story
from tests.integration.writing import writing
from zai_ls.domain import Diagnostic, Edits, Explanation, Kept, Point, Range

R = Random(5)
TOKEN = true.TOKENS["github"][0](R)
PASSWORD = "kV9!pQz7#mLw"
ROWS = [true.of(R, true._ALNUM, 64) for _ in range(12)]
KEY = "\n".join(("-----BEGIN PRIVATE KEY-----", *ROWS, "-----END PRIVATE KEY-----"))
SECRETS = (TOKEN, PASSWORD, *ROWS)
CODE = f'''\
KEY = """{KEY}"""


def connect(host):
    if host is not None:
        return open_it(host, token="{TOKEN}", password="{PASSWORD}")
    else:
        return None


def other():
    return 1
'''
FUNCTION = lines(17, 22)


def sent(heard) -> str:
    """All that left, as it was before it was made into JSON."""
    return "\n".join(str(json.loads(body)["messages"]) + body for body in heard.bodies)


def check_nothing_left(heard, count=1) -> None:
    assert len(heard.bodies) == count
    everything = sent(heard)
    assert [secret for secret in SECRETS if secret in everything] == []


def check_nothing_kept(folder) -> None:
    """Neither a secret nor what stands for it is written by us, but into the document and into kept answers."""
    for path in folder.rglob("*"):
        if path.is_file() and not {"work", "answers"} & set(path.relative_to(folder).parts):
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in SECRETS), path


def code_asked(heard) -> str:
    """The marked code of the last request."""
    user = json.loads(heard.bodies[-1])["messages"][-1]["content"]
    return re.findall(r"^```\w*\n(.*?)\n```$", user, re.MULTILINE | re.DOTALL)[-1]


def answering(s, change, *more):
    """The model gives back what it was asked about, changed by *change*; by *more* when it is asked again."""
    for each in (change, *more):
        s.heard.meanwhile.append(lambda each=each: s.reply(fenced(each(code_asked(s.heard)), "python")))


def simpler(code: str) -> str:
    return code.replace("    else:\n        return None", "    return None")


# -- actions -------------------------------------------------------------------------------------------------


async def test_an_edit_of_the_line_keeps_the_secret(tmp_path):
    """In the selection and in what is around it, in the problems and in the request."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", CODE)
        answering(s, lambda code: simpler(code).replace("open_it(", "open_now("))
        problem = Diagnostic(Range(Point(18, 0), Point(18, 9)), f"hardcoded password '{PASSWORD}'")
        outcome = await s.run(
            "instruct", "a.py", FUNCTION, diagnostics=(problem,), instruction=f"rename, not {TOKEN}"
        )
        assert isinstance(outcome, Edits)
        assert s.desk.text("a.py") == simpler(CODE).replace("open_it(", "open_now(")
        check_nothing_left(s.heard)
        assert "Secrets replaced" in s.said
    check_nothing_kept(tmp_path)


async def test_a_private_key_in_the_selection_is_one_short_line_and_comes_back(tmp_path):
    async with story(tmp_path) as s:
        s.desk.open("a.py", CODE)
        answering(s, lambda code: "# the key\n" + code)
        await s.run("document", "a.py", lines(1, 14))
        assert s.desk.text("a.py") == "# the key\n" + CODE
        assert len(code_asked(s.heard)) < 250
        check_nothing_left(s.heard)


async def test_the_second_request_holds_no_secret_either(tmp_path):
    async with story(tmp_path) as s:
        s.desk.open("a.py", CODE)
        s.heard.meanwhile.append(lambda: s.reply("I would rather not."))
        answering(s, simpler)
        assert isinstance(await s.run("simplify", "a.py", FUNCTION), Edits)
        assert s.desk.text("a.py") == simpler(CODE)
        check_nothing_left(s.heard, 2)
        first, second = (json.loads(body)["messages"] for body in s.heard.bodies)
        assert first == second  # the same placeholders: the service has read it before


async def test_tests_are_written_without_the_secrets_of_both_files(tmp_path):
    async with story(tmp_path) as s:
        s.desk.open("a.py", CODE)
        existing = f'from a import connect\n\nAPI_KEY = "{TOKEN}"\n'
        s.desk.open("test_a.py", existing)

        def reply():
            token = re.search(r"ghp_\w+", sent(s.heard))[0]
            s.reply(fenced(f'def test_connect():\n    assert connect("a") != "{token}"', "python"))

        s.heard.meanwhile.append(reply)
        assert isinstance(await s.run("test", "a.py", FUNCTION), Edits)
        assert f'!= "{TOKEN}"' in s.desk.text("test_a.py")
        assert s.desk.text("test_a.py").startswith(existing)
        check_nothing_left(s.heard)


async def test_an_explanation_has_words_in_the_place_of_the_secret(tmp_path):
    """It is shown in a file of its own."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", CODE)
        s.heard.meanwhile.append(
            lambda: s.reply("It opens with `" + re.search(r"ghp_\w+", code_asked(s.heard))[0] + "`.")
        )
        outcome = await s.run("explain", "a.py", FUNCTION)
        assert isinstance(outcome, Explanation)
        assert outcome.markdown == "It opens with `[GitHub token, not shown]`."
        check_nothing_left(s.heard)


@pytest.mark.parametrize(
    "change", [str.lower, str.upper, lambda name: name[:-5], lambda name: name[:8] + "…"]
)
async def test_a_changed_placeholder_is_never_written(tmp_path, change):
    """Asked once more; then the answer is kept and the person told."""

    def spoilt(code):
        return simpler(code).replace(name := re.search(r"ghp_\w+", code)[0], change(name))

    async with story(tmp_path) as s:
        s.desk.open("a.py", CODE)
        answering(s, spoilt, spoilt)
        outcome = await s.run("simplify", "a.py", FUNCTION)
        assert isinstance(outcome, Kept)
        assert outcome.reason == "lost_secret"
        assert "could not be put back" in outcome.text
        assert s.desk.text("a.py") == CODE
        check_nothing_left(s.heard, 2)


async def test_what_the_model_mends_when_asked_again_is_applied(tmp_path):
    async with story(tmp_path) as s:
        s.desk.open("a.py", CODE)
        answering(s, lambda code: simpler(code).lower(), simpler)
        assert isinstance(await s.run("simplify", "a.py", FUNCTION), Edits)
        assert s.desk.text("a.py") == simpler(CODE)


# -- completions ---------------------------------------------------------------------------------------------

BEGUN = f'TOKEN = "{TOKEN}"\n\n\ndef first():\n    return call("{TOKEN}")\n\n\ndef second():\n    ⎸\n'


def placeholder_in(prompt: str) -> str:
    return re.search(r"ghp_\w+", prompt)[0]


@pytest.mark.parametrize("invoked", [True, False])
async def test_a_completion_holds_the_secret_and_its_request_does_not(tmp_path, invoked):
    async with writing(tmp_path, BEGUN) as w:
        heard = w.story.heard
        heard.meanwhile.append(lambda: w.story.reply(f'return call("{placeholder_in(w.prompt())}", 2)'))
        assert await w.complete(invoked=invoked) == f'return call("{TOKEN}", 2)'
        check_nothing_left(heard)
    check_nothing_kept(tmp_path)


async def test_other_documents_and_recent_edits_are_sent_without_their_secrets(tmp_path):
    async with writing(tmp_path) as w:
        near = "".join(f"    value_{n} = call(first, second, third_{n})\n" for n in range(8))
        w.story.desk.open("b.py", f'def one():\n{near}    password = "{PASSWORD}"\n{ROWS[0]}\n')
        w.open(f"def two():\n{near}    ⎸\n" + "\n" * 60 + "# end\n")
        w.change("# end\n", f'# end\nsecret = "{TOKEN}"\n{KEY}\n')
        w.story.desk.documents[w.story.desk.uri("b.py")].change(
            Range(Point(11, 0), Point(11, 0)), f'api_token = "{TOKEN}"\n'
        )
        w.story.reply("x = 1")
        await w.complete(invoked=True)
        assert "<similar" in w.prompt()
        assert "<recent-edits>" in w.prompt()
        assert w.prompt().count("ghp_") >= 1
        assert [secret for secret in (TOKEN, PASSWORD, *ROWS[1:]) if secret in sent(w.story.heard)] == []


async def test_half_a_placeholder_is_never_proposed(tmp_path):
    """Not when the reply was cut off in it, nor when the model changed it."""
    async with writing(tmp_path, BEGUN) as w:
        for change in (lambda name: name[:-6], str.lower):
            w.story.heard.meanwhile.append(
                lambda change=change: w.story.reply(f'return call("{change(placeholder_in(w.prompt()))}")')
            )
            assert await w.complete(invoked=True) == "no: no_answer"
            assert "placeholder" in w.last
            w.type(" ")


async def test_what_only_begins_like_a_placeholder_is_proposed_when_the_reply_has_ended(tmp_path):
    async with writing(tmp_path, BEGUN) as w:
        w.story.reply("return g")
        assert await w.complete(invoked=True) == "return g"


async def test_nothing_is_asked_within_a_secret(tmp_path):
    async with writing(tmp_path, f'password = "{PASSWORD[:9]}⎸{PASSWORD[9:]}"\n') as w:
        assert await w.complete(invoked=True) == "no: in_secret"
        assert w.requests == 0
