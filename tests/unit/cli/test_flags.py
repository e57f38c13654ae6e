"""Flags become settings of this one call, and win over everything else."""

from __future__ import annotations

import argparse
import importlib

import pytest

from zai_ls.cli.exits import BadUse
from zai_ls.cli.flags import add_common, as_settings, configuration, tell_problems
from zai_ls.cli.main import VERBS, main


@pytest.fixture(autouse=True)
def nobodys_machine(monkeypatch, tmp_path):
    """A config file of our own, and no keyring."""
    (tmp_path / "config.toml").write_text("slots = 2\nplan = 'lite'\n")
    monkeypatch.setenv("ZAI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("ZAI_PLAN", "pro")
    monkeypatch.setattr("zai_ls.config.keys.in_keyring", lambda host: None)


def parse(*argv):
    parser = argparse.ArgumentParser()
    add_common(parser, logs=True)
    return parser.parse_args(argv)


@pytest.mark.parametrize(
    ("argv", "settings"),
    [
        ((), {}),
        (("--plan", "max"), {"plan": "max"}),
        (("--set", "slots=3", "--set", "model=glm-9"), {"slots": 3, "model": "glm-9"}),
        (("--set", 'routing.perAction={"fix": "light"}'), {"routing.perAction": {"fix": "light"}}),
        (("--set", 'routing.perAction={"fix" = "light"}'), {"routing.perAction": {"fix": "light"}}),
        (("--set", "model={odd"), {"model": "{odd"}),
        (("--set", "completion.perLanguage.python=off"), {"completion.perLanguage.python": "off"}),
        (("--set", "completion.inComments=true"), {"completion.inComments": True}),
        (("--set", "actions.disabled=fix,test"), {"actions.disabled": "fix,test"}),
        (("--set", "proxy=http://a?b=c"), {"proxy": "http://a?b=c"}),
        (("--log-level", "debug", "--set", "log.level=error"), {"log.level": "debug"}),
    ],
)
def test_flags_are_settings_by_their_keys(argv, settings):
    """JSON where it is JSON, else the text as it stands."""
    assert as_settings(parse(*argv)) == settings


def test_flags_win_over_the_environment_and_the_user_file():
    """The nearest to the person's hand counts."""
    config = configuration(parse("--plan", "max", "--set", "slots=4"))

    assert (config.settings.plan, config.settings.slots) == ("max", 4)
    assert configuration(parse()).settings.plan == "pro"
    assert configuration(parse()).settings.slots == 2


@pytest.mark.parametrize(
    "argv",
    [
        ("--set", "completion.perLanguage.python=off", "--set", "completion.perLanguage.go=invoked"),
        ("--set", 'completion.perLanguage={"python": "off", "go": "invoked"}'),
        ("--set", 'completion.perLanguage={"python": "off"}', "--set", "completion.perLanguage.go=Invoked"),
    ],
)
def test_a_table_can_be_set_whole_or_name_by_name(argv):
    """And a name's word is read as anywhere."""
    assert configuration(parse(*argv)).settings.completion_per_language == {"python": "off", "go": "invoked"}


def test_a_bad_word_in_a_table_is_bad_use():
    """It says what is accepted."""
    with pytest.raises(BadUse, match="a table of language ids, each with one of auto, invoked, off"):
        configuration(parse("--set", "completion.perLanguage.python=never"))


def test_a_named_config_file_has_to_be_there(tmp_path, monkeypatch, capsys):
    """The flag is bad use; the variable, which stands for long, is told."""
    with pytest.raises(BadUse, match=r"no file .*other\.toml"):
        configuration(parse("--config", str(tmp_path / "other.toml")))
    monkeypatch.setenv("ZAI_CONFIG", str(tmp_path / "none.toml"))
    tell_problems(configuration(parse()))

    assert "none.toml, which ZAI_CONFIG names" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_the_flags_that_it_obeys(verb, capsys):
    """A log belongs to the server; the emulator reads no settings."""
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    shown = capsys.readouterr().out

    assert ("--log-file" in shown) == ("--log-level" in shown) == (verb == "serve")
    assert ("--set " in shown) == ("--config" in shown) == (verb != "emulator")
    assert "--debug" in shown
    assert importlib.import_module(VERBS[verb].module)


def test_another_config_file_can_be_named(tmp_path):
    """Instead of one's own, not on top of it."""
    (tmp_path / "other.toml").write_text("gapMs = 7\n")
    config = configuration(parse("--config", str(tmp_path / "other.toml")))

    assert (config.settings.gap_ms, config.settings.slots) == (7, 1)
    assert config.user_file == tmp_path / "other.toml"
