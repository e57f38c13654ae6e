"""Functions in a database are read by their words, and what a file of SQL defines is listed."""

from __future__ import annotations

from tests.unit.core.texts import snapshot
from zai_ls.core.complexity import Score, score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import whole

SYNTAX = Syntax()

FUNCTION = """\
CREATE FUNCTION f(n int) RETURNS int AS $$
DECLARE
  total int := 0;
BEGIN
  FOR r IN SELECT * FROM items WHERE owner = n LOOP
    -- if this and that
    IF r.price > 10 AND NOT r.free THEN
      WHILE r.parts > 0 LOOP
        total := total + r.price;
      END LOOP;
    END IF;
  END LOOP;
  RETURN total;
END;
$$ LANGUAGE plpgsql;
"""
OTHERS = """\
CREATE TABLE a (id int);
CREATE VIEW v AS SELECT 1;
"""


def scored(text: str) -> Score:
    document = snapshot(text, "sql", uri="file:///sql")
    SYNTAX.forget(document.uri)
    return score(document, whole(document.lines), SYNTAX)


def test_loops_and_branches_of_a_body_count():
    """One loop in another, one condition; what ends them is none of its own, and neither is a comment."""
    found = scored(FUNCTION)

    assert found.measures["loops"] == 3.5
    assert found.measures["depth"] == 3
    assert found.value > 0.5
    assert found == scored(FUNCTION.replace("    -- if this and that\n", ""))


def test_what_it_defines_is_listed():
    """Tables, views and functions, by name."""
    document = snapshot(OTHERS + FUNCTION, "sql", uri="file:///sql/all")
    listed = [(each.name, each.kind) for each in SYNTAX.definitions(document)]

    assert listed == [("a", "type"), ("v", "type"), ("f", "function")]


def test_a_query_has_no_types():
    """Windows and named queries are ways that rows go."""
    text = "WITH t AS (SELECT x FROM a) SELECT row_number() OVER (PARTITION BY y ORDER BY z) FROM t JOIN u ON t.x = u.y;\n"
    measures = scored(text).measures

    assert (measures["types"], measures["recursion"]) == (0, 0)
    assert measures["branching"] > 1.5
