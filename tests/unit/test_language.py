"""Which language a person reads."""

from __future__ import annotations

import argparse
import io
import re
from pathlib import Path

import pytest

from zai_ls import language
from zai_ls.clock import local_time
from zai_ls.language import CHINESE, ENGLISH, of_editor, of_environment
from zai_ls.messages import say, told


@pytest.mark.parametrize(
    "tag",
    ["zh", "ZH", "zh-CN", "zh-cn", "zh_CN.UTF-8", "zh_CN@pinyin", "zh-Hans", "zh-Hans-CN", "zh-SG", " zh ", "cmn-Hans",
     "zh-TW", "zh-Hant-HK", "zh_HK.Big5"],
)  # fmt: skip
def test_chinese(tag):
    """Also for readers of Traditional Chinese."""
    assert of_editor(tag, {}) == CHINESE
    assert of_environment({"LANG": tag}) == CHINESE


@pytest.mark.parametrize(
    "tag", ["en", "en-GB", "de", "fr_FR.UTF-8", "zhx", "zha", "C", "POSIX", "z", "zh CN", "\0", "中文", "-", "zh-" + "🙂"]
)  # fmt: skip
def test_whatever_else_is_english(tag):
    assert of_editor(tag, {"LANG": "zh_CN.UTF-8"}) == ENGLISH
    assert of_environment({"LANG": tag}) == ENGLISH


@pytest.mark.parametrize("locale", [None, "", "  ", 7, ["zh"]])
def test_an_editor_without_a_locale_has_that_of_its_environment(locale):
    assert of_editor(locale, {"LANG": "zh_CN.UTF-8"}) == CHINESE
    assert of_editor(locale, {}) == ENGLISH


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ENGLISH),
        ({"LANG": ""}, ENGLISH),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, ENGLISH),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, CHINESE),
        ({"LC_CTYPE": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, ENGLISH),
        ({"LANGUAGE": "zh_CN:en", "LANG": "en_US.UTF-8"}, CHINESE),
        ({"LANGUAGE": "fr:zh_CN:en", "LANG": "fr_FR.UTF-8"}, CHINESE),
        ({"LANGUAGE": "en:zh_CN", "LANG": "zh_CN.UTF-8"}, ENGLISH),
        ({"LANGUAGE": "fr", "LANG": "zh_CN.UTF-8"}, ENGLISH),
        ({"LANGUAGE": "zh_CN", "LANG": "C.UTF-8"}, ENGLISH),
        ({"LANGUAGE": "zh_CN", "LC_ALL": "POSIX"}, ENGLISH),
        ({"LANGUAGE": "zh_CN"}, CHINESE),
        ({"LANGUAGE": ":::"}, ENGLISH),
    ],
)
def test_variables_count_as_for_gettext(environ, expected):
    assert of_environment(environ) == expected


def test_sentences_and_words_are_in_the_language_in_force():
    assert say("error.cancelled") == "Cancelled."
    language.use(CHINESE)

    assert language.in_use() == CHINESE
    assert say("error.cancelled") == "已取消。"
    assert say("files.missing", path="f") == "文件 f 不存在。"
    assert (told("no such host"), told("something else")) == ("主机不存在", "something else")
    language.use(ENGLISH)
    assert say("error.cancelled") == "Cancelled."


def test_a_time_of_another_day_has_its_date_in_the_readers_words():
    noon, later = 1_717_400_000.0, 1_717_400_000.0 + 86_400 * 3
    english = local_time(later, noon)
    language.use(CHINESE)

    assert english[:3] in {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
    assert "月" in local_time(later, noon)
    assert local_time(noon, noon) == english[-5:]


def test_what_is_fuzzy_or_has_no_translation_is_said_in_english(tmp_path, monkeypatch):
    from babel.messages.catalog import Catalog

    from scripts.words import compiled

    catalogue = Catalog(locale="zh_CN", fuzzy=False)
    catalogue.add("Cancelled.", "已取消。", context="error.cancelled", flags=["fuzzy"])
    catalogue.add("A newer request replaced this one!", "旧的", context="error.superseded")
    folder = tmp_path / CHINESE / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "zai_ls.mo").write_bytes(compiled(catalogue))
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    language.use(CHINESE)

    assert say("error.cancelled") == "Cancelled."
    assert say("error.superseded") == "A newer request replaced this one."


@pytest.mark.parametrize(
    "damage", [None, b"", b"no catalogue", b"\xde\x12\x04\x95", b"\xde\x12\x04\x95" + b"\xff" * 40]
)
def test_a_catalogue_that_cannot_be_read_means_english(damage, tmp_path, monkeypatch):
    folder = tmp_path / CHINESE / "LC_MESSAGES"
    folder.mkdir(parents=True)
    if damage is not None:
        (folder / "zai_ls.mo").write_bytes(damage)
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    language.use(CHINESE)

    assert say("error.cancelled") == "Cancelled."


def test_the_words_of_argparse_are_those_that_it_asks_for():
    """A new Python may ask for others; then this table is to follow."""
    from zai_ls.cli.speaking import _OWN
    from zai_ls.messages import _ENGLISH

    source = Path(argparse.__file__).read_text("utf-8")
    asked = {text.encode().decode("unicode_escape") for text in re.findall(r"_\('([^']+)'\)", source)}

    assert {text: _ENGLISH[id_] for text, id_ in _OWN.items()} == {text: text for text in _OWN}
    assert len(asked & set(_OWN)) > len(_OWN) // 2


def test_a_terminal_that_lacks_the_letters_is_spoken_to_in_english(monkeypatch):
    from zai_ls.cli.speaking import speak

    monkeypatch.setenv("LANGUAGE", "zh_CN")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    for encoding, expected in (
        ("ascii", ENGLISH),
        ("gbk", CHINESE),
        ("utf-8", CHINESE),
        ("no-such", ENGLISH),
    ):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        monkeypatch.setattr("sys.stderr", type("Stream", (), {"encoding": encoding, "flush": stream.flush})())
        speak()
        assert language.in_use() == expected
