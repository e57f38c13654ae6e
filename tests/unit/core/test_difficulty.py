"""The score says more of how hard code is than its length does."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.unit.core.labelled import (
    LEVELS,
    by_cognitive,
    by_score,
    by_tokens,
    concordance,
    pieces,
    without_a_grammar,
)

LANGUAGES = ("cpp", "go", "java", "python", "rust", "typescript")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_puts_code_in_order_where_length_does_not(language):
    """In each language: nearly all pairs, and far more of them than by counting tokens."""
    some = [piece for piece in pieces() if piece.language == language]

    assert concordance(some, by_score) >= 0.93
    assert concordance(some, by_score) >= concordance(some, by_tokens) + 0.2


@pytest.mark.parametrize("half", ["fit", "check"])
def test_it_does_as_well_on_what_it_was_not_made_for(half):
    """Both halves of all languages together; cognitive complexity alone does less well as well."""
    some = [piece for piece in pieces() if piece.half == half]

    assert concordance(some, by_score) >= 0.96
    assert concordance(some, by_score) >= concordance(some, by_tokens) + 0.3
    assert concordance(some, by_score) >= concordance(some, by_cognitive) + 0.1


def test_the_thresholds_mean_something():
    """Most of what is easy is light work, and nothing that is hard is."""
    by_level = {level: [p.score.value for p in pieces() if p.level == level] for level in range(3)}

    assert sum(value < 0.3 for value in by_level[0]) >= 0.9 * len(by_level[0])
    assert max(by_level[0]) < 0.45
    assert min(by_level[2]) >= 0.4
    assert sum(value >= 0.7 for value in by_level[2]) >= 0.5 * len(by_level[2])
    assert sum(0.3 <= value < 0.7 for value in by_level[1]) >= 0.75 * len(by_level[1])


def test_the_set_is_balanced():
    """Sixteen pieces a language, and each half has all levels."""
    counted = Counter((piece.language, piece.half, piece.level) for piece in pieces())

    assert {language for language, _, _ in counted} == set(LANGUAGES)
    assert all(sum(n for key, n in counted.items() if key[0] == language) == 16 for language in LANGUAGES)
    assert all(
        counted[language, half, level] >= 2
        for language in LANGUAGES
        for half in ("fit", "check")
        for level in range(len(LEVELS))
    )


def test_without_a_grammar_it_says_about_the_same():
    """By words and indentation: nearly as many pairs in order, and no score far from the other one on the whole."""
    by_words = {id(piece): without_a_grammar(piece).value for piece in pieces()}
    differences = [abs(by_words[id(piece)] - piece.score.value) for piece in pieces()]

    assert concordance(pieces(), lambda piece: by_words[id(piece)]) >= 0.9
    assert sum(differences) / len(differences) < 0.08
