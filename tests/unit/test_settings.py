"""Settings: one bad value never takes another with it, and what a person reads names the key and the way out."""

from __future__ import annotations

import dataclasses

import pytest

from zai_ls.settings import BY_KEY, DECLARATIONS, Layer, Origin, Settings, merge, origins


def check(values, expected=None, problems=(), origin=Origin.USER_FILE):
    """Merge *values* alone: the fields in *expected* change, all others keep their defaults; problems mention the words."""
    settings, found = merge([Layer(origin, values)])

    assert settings == dataclasses.replace(Settings(), **(expected or {}))
    assert len(found) == len(problems), found
    for problem, words in zip(found, problems, strict=True):
        for word in words:
            assert word in problem.text


def test_each_setting_is_declared_once_and_its_default_is_one_of_its_own_values():
    """A default that its own setting would refuse could never be written down by a user."""
    assert len(BY_KEY) == len(DECLARATIONS) == len(dataclasses.fields(Settings))
    for declaration in DECLARATIONS:
        assert getattr(Settings(), declaration.attribute) == declaration.default
        assert declaration.kind.read(declaration.default) == declaration.default
        assert declaration.doc.endswith((".", "`.", "}`."))
        assert declaration.kind.accepts


@pytest.mark.parametrize(
    "values",
    [
        {"routing": {"standardFrom": 0.4}},
        {"routing.standardFrom": 0.4},
        {"zai": {"routing": {"standardFrom": 0.4}}},
        {"zai": {"routing.standardFrom": 0.4}},
        {"zai.routing.standardFrom": 0.4},
        {"routing": {"standardFrom": "0.4"}},
    ],
)
def test_nested_and_dotted_keys_mean_the_same(values):
    """Editors send sections nested, dotted, and with or without the section's name around them."""
    check(values, {"routing_standard_from": 0.4})


@pytest.mark.parametrize(
    "values",
    [
        {"routing": {"perAction": {"test": "strong", "fix": "glm-9.9"}}},
        {"routing.perAction": {"test": "strong", "fix": "glm-9.9"}},
        {"routing.perAction.test": "strong", "routing": {"perAction": {"fix": "glm-9.9"}}},
        {"zai": {"routing.perAction.test": "strong", "routing.perAction.fix": "glm-9.9"}},
    ],
)
def test_tables_can_be_written_whole_or_key_by_key(values):
    """A table's own names are not mistaken for settings."""
    check(values, {"routing_per_action": {"test": "strong", "fix": "glm-9.9"}})


@pytest.mark.parametrize(
    "values",
    [
        {"completion": {"perGlob": {"*.min.js": "off", "docs/**": "invoked"}}},
        {"completion.perGlob": {"*.min.js": "off", "docs/**": "invoked"}},
        {"completion.perGlob.*.min.js": "off", "completion": {"perGlob": {"docs/**": "invoked"}}},
        {"zai": {"completion.perGlob.*.min.js": "off", "completion.perGlob.docs/**": "invoked"}},
        {"completion": {"perGlob": {"*.min.js": "off", "docs/**": "invoked", "*.py": None}}},
    ],
)
def test_names_in_a_table_may_have_dots(values):
    """They are not taken for tables within the table, and `null` is not given there either."""
    check(values, {"completion_per_glob": {"*.min.js": "off", "docs/**": "invoked"}}, origin=Origin.EDITOR)


@pytest.mark.parametrize(
    ("key", "good", "value"),
    [
        ("slots", 3, 3),
        ("slots", 3.0, 3),
        ("timeouts.connect", 5, 5.0),
        ("plan", "Lite", "lite"),
        ("account", " team_1 ", "team_1"),
        ("actions.disabled", ["fix", "test", "fix"], ("fix", "test")),
        ("actions.disabled", "fix, test", ("fix", "test")),
        ("apiKeyCommand", "pass show 'my key'", ("pass", "show", "my key")),
        ("apiKeyCommand", ["pass", "show", "my key"], ("pass", "show", "my key")),
        ("proxy", "", ""),
        ("completion.mode", "Invoked", "invoked"),
        ("completion.perLanguage", {"python": "OFF", "go": " auto "}, {"python": "off", "go": "auto"}),
        ("completion.perLanguage", {}, {}),
        (
            "completion.perGlob",
            {"*.min.js": "off", "/docs/**": "invoked"},
            {"*.min.js": "off", "/docs/**": "invoked"},
        ),
        ("completion.inComments", True, True),
        ("completion.inComments", "true", True),
        ("completion.inStrings", " False ", False),
    ],
)
def test_good_values(key, good, value):
    """Each kind of setting takes what a person would write."""
    check({key: good}, {BY_KEY[key].attribute: value})


@pytest.mark.parametrize(
    ("key", "bad", "accepted"),
    [
        ("slots", 0, "a whole number from 1 to 16"),
        ("slots", 17, "a whole number from 1 to 16"),
        ("slots", 1.5, "a whole number from 1 to 16"),
        ("slots", True, "a whole number from 1 to 16"),
        ("slots", float("nan"), "a whole number from 1 to 16"),
        ("timeouts.idle", "soon", "a number from 0.1 to 3600 seconds"),
        ("plan", "huge", "one of payg, lite, pro, max"),
        ("answers.keep", 0, "a whole number from 1 to 1000"),
        ("actions.disabled", [1], "a list of actions"),
        ("actions.disabled", {"fix": True}, "a list of actions"),
        ("routing.perAction", ["fix"], "a table of names"),
        ("routing.perAction", {"fix": 3}, "a table of names"),
        ("account", "a b", "a word of letters"),
        ("proxy", "ftp://x", "an http, https or socks5 URL"),
        ("apiKeyCommand", "pass 'open", "a command"),
        ("apiKeyCommand", 5, "a command"),
        ("model", 5, "a model's name"),
        ("completion.mode", "on", "one of auto, invoked, off"),
        ("completion.mode", False, "one of auto, invoked, off"),
        (
            "completion.perLanguage",
            {"python": "never"},
            "a table of language ids, each with one of auto, invoked, off",
        ),
        (
            "completion.perLanguage",
            {"python": False},
            "a table of language ids, each with one of auto, invoked, off",
        ),
        ("completion.perLanguage", {"": "off"}, "a table of language ids"),
        ("completion.perLanguage", "off", "a table of language ids"),
        ("completion.perLanguage", ["python"], "a table of language ids"),
        (
            "completion.perGlob",
            {"*.py": "never"},
            "a table of patterns as in .gitignore, each with one of auto, invoked, off",
        ),
        ("completion.perGlob", {"[z-a].py": "off"}, "a table of patterns as in .gitignore"),
        ("completion.perGlob", {"a\\": "off"}, "a table of patterns as in .gitignore"),
        ("completion.perGlob", {"!*.py": "off"}, "a table of patterns as in .gitignore"),
        ("completion.inComments", "yes", "true or false"),
        ("completion.inComments", 1, "true or false"),
        ("completion.inStrings", [], "true or false"),
        ("completion.debounceMs", -1, "a whole number from 0 to 10000 milliseconds"),
        ("completion.contextTokens", 99, "a whole number from 100 to 32000 tokens"),
    ],
)
def test_a_bad_value_falls_back_alone_and_says_what_is_accepted(key, bad, accepted):
    """The person reads the key, the place, and what to write instead; the neighbour stays in force."""
    vital = BY_KEY[key].vital
    effect = "Nothing is sent until it is corrected" if vital else "It is ignored"
    check({key: bad, "gapMs": 100}, {"gap_ms": 100}, [(f"zai.{key} in the user file", accepted, effect)])


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (
            Layer(Origin.FLAGS, {"slots": 0}),
            "zai.slots on the command line (0) is not accepted: expected a whole",
        ),
        (
            Layer(Origin.USER_FILE, {"slots": 0}, "/my/cfg.toml"),
            "zai.slots in /my/cfg.toml (0) is not accepted",
        ),
        (Layer(Origin.ENVIRONMENT, {"plan": "x"}), "zai.plan in the variable ZAI_PLAN is not accepted"),
        (Layer(Origin.FLAGS, {"slot": 0}), "There is no setting zai.slot (on the command line)."),
    ],
)
def test_the_place_reads_as_a_person_would_say_it(layer, words):
    """And what ends the call does not say that the rest goes on."""
    text = merge([layer])[1][0].text

    assert words in text
    assert ("everything else stays" in text) == (layer.origin is not Origin.FLAGS)


@pytest.mark.parametrize(
    ("weak", "strong", "stops"),
    [
        ({"proxy": "myproxy:3128"}, {}, True),
        ({"account": "a b"}, {}, True),
        ({"stateDir": 5}, {}, True),
        ({"baseUrl": 5}, {}, True),
        ({"base_url": "https://x.example"}, {}, True),
        ({"BaseURL": "https://x.example"}, {}, True),
        ({"api": {"base-url": "https://x.example"}}, {}, True),
        ({"baseurl": "https://x.example"}, {"baseUrl": "https://y.example"}, False),
        ({"proxy": "myproxy:3128"}, {"proxy": "http://myproxy:3128"}, False),
        ({"slots": 99}, {}, False),
        ({"plann": "pro"}, {}, False),
    ],
)
def test_a_bad_value_that_decides_where_requests_go_stops_them(weak, strong, stops):
    """Unless a stronger place says it right."""
    (problem,) = merge([Layer(Origin.USER_FILE, weak), Layer(Origin.FLAGS, strong)])[1]

    assert problem.stops is stops
    assert ("Nothing is sent until" in problem.text) is stops


def test_a_bad_value_falls_back_to_the_next_weaker_layer():
    """A mistake in the editor's settings does not throw away what the user file says."""
    settings, problems = merge(
        [Layer(Origin.USER_FILE, {"slots": 2}), Layer(Origin.EDITOR, {"slots": "many"})]
    )

    assert settings.slots == 2
    assert [p.key for p in problems] == ["slots"]


def test_the_later_layer_wins_and_each_value_knows_where_it_came_from():
    """Precedence is the order of the layers."""
    layers = [Layer(Origin.USER_FILE, {"slots": 2, "gapMs": 1}), Layer(Origin.FLAGS, {"slots": "3"})]
    settings, problems = merge(layers)

    assert (settings.slots, settings.gap_ms, problems) == (3, 1, ())
    assert origins(layers)["slots"] is Origin.FLAGS
    assert origins(layers)["gapMs"] is Origin.USER_FILE
    assert origins(layers)["model"] is Origin.DEFAULT


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("slot", ("zai.slot ", "Did you mean zai.slots?")),
        ("maxFileBytes", ("Did you mean zai.limits.maxFileBytes?",)),
        ("routing.standardfrom", ("Did you mean zai.routing.standardFrom?",)),
        ("colour", ("There is no setting zai.colour",)),
        ("apiKey", ("a key is never a setting", "ZAI_API_KEY")),
        ("api.token", ("a key is never a setting",)),
    ],
)
def test_an_unknown_key_is_named_with_its_nearest_neighbour(key, words):
    """A typing mistake is found by reading one sentence; a key written into settings gets its own."""
    check({key: "sk-secret"}, problems=[words])
    assert all("sk-secret" not in p.text for p in merge([Layer(Origin.EDITOR, {key: "sk-secret"})])[1])


@pytest.mark.parametrize("key", [d.key for d in DECLARATIONS if d.machine])
def test_machine_settings_never_come_over_lsp(key):
    """A workspace's settings arrive merged with the person's own: neither may name host, program or folder."""
    check(
        {key: "https://evil.example/v4"},
        problems=[(f"zai.{key} ", "your own config file")],
        origin=Origin.EDITOR,
    )


def test_the_sentence_names_the_variable_that_would_set_it():
    """Where to put it instead."""
    check({"baseUrl": "x"}, problems=[("ZAI_BASE_URL",)], origin=Origin.EDITOR)


def test_a_bad_machine_value_is_not_repeated():
    """A proxy's URL may hold a password."""
    _, problems = merge([Layer(Origin.USER_FILE, {"proxy": "ftp://me:hunter2@host"})])

    assert "hunter2" not in problems[0].text


@pytest.mark.parametrize(
    "values", [{}, {"slots": None}, {"zai": {}}, {"server": {"path": "x"}, "trace": {"server": "off"}}]
)
def test_what_is_not_given_and_what_belongs_to_the_client_is_no_problem(values):
    """Editors send null for "not set", and their own client's settings along with ours."""
    check(values, origin=Origin.EDITOR)


def test_thresholds_that_cross_fall_back_together():
    """One of two would leave a range of scores without a model."""
    check({"routing": {"standardFrom": 0.8}}, problems=[("routing.standardFrom", "0.8", "0.7", "by default")])
    check(
        {"routing": {"standardFrom": 0.8, "strongFrom": 0.9}},
        {"routing_standard_from": 0.8, "routing_strong_from": 0.9},
    )
