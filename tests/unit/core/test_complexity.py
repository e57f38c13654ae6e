from __future__ import annotations

import pytest

from tests.unit.core.texts import snapshot
from zai_ls.core.complexity import score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import whole
from zai_ls.domain import Diagnostic, Point, Range

SYNTAX = Syntax()

PLAIN = "def f(a):\n    return a + 1\n"
BRANCHED = """\
def f(items, limit):
    total = 0
    for item in items:
        if item.price > limit and not item.free:
            while item.parts:
                if item.parts.pop() is None:
                    total += 1
                else:
                    total -= item.price
    return total
"""


def value(text: str, language: str = "python", diagnostics=()) -> float:
    document = snapshot(text, language, uri=f"file:///{language}")
    return score(document, whole(document.lines), SYNTAX, diagnostics).value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            BRANCHED,
            "# A comment.\n\n" + BRANCHED.replace("total = 0\n", "total = 0  # none\n\n\n"),
            id="comments",
        ),
        pytest.param(
            BRANCHED,
            BRANCHED.replace("limit):\n", 'limit):\n    """Doc.\n\n    More.\n    """\n'),
            id="a docstring",
        ),
        pytest.param(BRANCHED, BRANCHED.replace("item", "thing").replace("total", "zähler"), id="names"),
        pytest.param(
            BRANCHED, BRANCHED.replace("    ", "\t").replace("\n", "\r\n"), id="tabs and line endings"
        ),
        pytest.param("x = f(a, b)\n", "x = f(\n    a,\n    b,\n)\n", id="line breaks and commas"),
        pytest.param("x = 'a'\n", 'x = "a longer one, with if and for"\n', id="what a string says"),
    ],
)
def test_what_does_not_make_code_harder_does_not_move_the_score(one, other):
    """Comments, blank lines, formatting and other names leave it exactly as it was."""
    assert value(one) == value(other)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        pytest.param(PLAIN, BRANCHED, id="more code"),
        pytest.param(
            "if a:\n    b()\nif c:\n    d()\n", "if a:\n    b()\n    if c:\n        d()\n", id="deeper"
        ),
        pytest.param("if a:\n    b()\n", "if a and c:\n    b()\n", id="another condition"),
        pytest.param("if a:\n    b()\n", "while a:\n    b()\n", id="again and again"),
        pytest.param("f(a, a, a)\n", "f(a, b, c)\n", id="more names"),
        pytest.param(
            "if a:\n    b()\nelif c:\n    d()\n",
            "if a:\n    b()\nelse:\n    if c:\n        d()\n",
            id="a level, not a way",
        ),
    ],
)
def test_what_makes_code_harder_raises_the_score(less, more):
    """Each measure counts, alone."""
    assert value(less) < value(more)


def test_complaints_of_other_tools_count_by_weight():
    """An error counts more than a hint, and one elsewhere nothing."""
    here, there = Range(Point(0, 0), Point(0, 3)), Range(Point(9, 0), Point(9, 3))
    assert (
        value(PLAIN)
        == value(PLAIN, diagnostics=[Diagnostic(there, "far")])
        < value(PLAIN, diagnostics=[Diagnostic(here, "hint", 4)])
        < value(PLAIN, diagnostics=[Diagnostic(here, "error", 1)])
    )


def test_the_features_are_what_made_the_value():
    """They add up to it, and name what a person can check."""
    document = snapshot(BRANCHED)
    found = score(document, whole(document.lines), SYNTAX)
    assert sum(found.features.values()) == pytest.approx(found.value, abs=0.001)
    assert (found.measures["cognitive"], found.measures["depth"]) == (12, 4)
    assert found == score(document, whole(document.lines), SYNTAX)


@pytest.mark.parametrize(
    "text", ["", "\n\n", "def f(x):\n    if x:\n        return (", "}}}}", "# only words\n", "'''"]
)
def test_incomplete_code_has_a_score(text):
    """Whatever it is, it is between 0 and 1."""
    assert 0 <= value(text) < 1
    assert 0 <= value(text, "cobol") < 1


def test_the_score_saturates():
    """Twenty times as much is harder, and still no more than 1."""
    assert value(BRANCHED) < value(BRANCHED * 20) <= 1


LANGUAGES = {
    "javascript": "function f(xs) {\n  for (const x of xs) {\n    if (x.a && x.b) { g(x); }\n  }\n}\n",
    "typescript": "function f(xs: T[]) {\n  for (const x of xs) {\n    if (x.a && x.b) { g(x); }\n  }\n}\n",
    "go": "func f(xs []T) {\n\tfor _, x := range xs {\n\t\tif x.a && x.b {\n\t\t\tg(x)\n\t\t}\n\t}\n}\n",
    "rust": "fn f(xs: &[T]) {\n    for x in xs {\n        if x.a && x.b { g(x); }\n    }\n}\n",
    "java": "class A { void f(T[] xs) {\n  for (T x : xs) {\n    if (x.a && x.b) { g(x); }\n  }\n} }\n",
    "c": "void f(T *xs, int n) {\n  for (int i = 0; i < n; i++) {\n    if (xs[i].a && xs[i].b) { g(xs[i]); }\n  }\n}\n",
    "cpp": "void f(V xs) {\n  for (auto x : xs) {\n    if (x.a && x.b) { g(x); }\n  }\n}\n",
    "python": "def f(xs):\n    for x in xs:\n        if x.a and x.b:\n            g(x)\n",
    "csharp": "class A { void F(T[] xs) {\n  foreach (var x in xs) {\n    if (x.a && x.b) { G(x); }\n  }\n} }\n",
    "php": "<?php\nfunction f($xs) {\n  foreach ($xs as $x) {\n    if ($x->a && $x->b) { g($x); }\n  }\n}\n",
    "swift": "func f(_ xs: [T]) {\n  for x in xs {\n    if x.a && x.b { g(x) }\n  }\n}\n",
    "shellscript": 'f() {\n  for x in "$@"; do\n    if a "$x" && b "$x"; then g "$x"; fi\n  done\n}\n',
    "ruby": "def f(xs)\n  for x in xs\n    if x.a && x.b\n      g(x)\n    end\n  end\nend\n",
    # without a grammar
    "scala": "def f(xs: Seq[T]) = {\n  for (x <- xs) {\n    if (x.a && x.b) {\n      g(x)\n    }\n  }\n}\n",
    "kotlin": "fun f(xs: List<T>) {\n  for (x in xs) {\n    if (x.a && x.b) {\n      g(x)\n    }\n  }\n}\n",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_code_is_about_as_hard_in_each_language(language):
    """One loop, one condition of two parts in it, whatever the words for it."""
    document = snapshot(LANGUAGES[language], language)
    found = score(document, whole(document.lines), SYNTAX)
    assert found.measures["loops"] == 1
    assert found.value == pytest.approx(value(LANGUAGES["python"]), abs=0.09)


ELSE_IF = {
    "python": "if a:\n    f()\nelif b:\n    g()\nelse:\n    h()\n",
    "javascript": "if (a) { f(); } else if (b) { g(); } else { h(); }\n",
    "go": "package p\nfunc x() {\n\tif a {\n\t\tf()\n\t} else if b {\n\t\tg()\n\t} else {\n\t\th()\n\t}\n}\n",
    "rust": "fn x() { if a { f() } else if b { g() } else { h() } }\n",
    "java": "class A { void x() { if (a) { f(); } else if (b) { g(); } else { h(); } } }\n",
    "c": "void x() { if (a) { f(); } else if (b) { g(); } else { h(); } }\n",
    "cpp": "void x() { if (a) { f(); } else if (b) { g(); } else { h(); } }\n",
    "csharp": "class A { void X() { if (a) { F(); } else if (b) { G(); } else { H(); } } }\n",
    "ruby": "if a\n  f\nelsif b\n  g\nelse\n  h\nend\n",
    "php": "<?php if ($a) { f(); } elseif ($b) { g(); } else { h(); }\n",
    "kotlin": "fun x() { if (a) { f() } else if (b) { g() } else { h() } }\n",
    "swift": "func x() { if a { f() } else if b { g() } else { h() } }\n",
    "shellscript": "if a; then\n  f\nelif b; then\n  g\nelse\n  h\nfi\n",
}


@pytest.mark.parametrize("language", ELSE_IF)
def test_else_if_is_one_more_way_in_each_language(language):
    """A chain of conditions does not nest: three, as Campbell counts."""
    document = snapshot(ELSE_IF[language], language, uri=f"file:///{language}/else")
    found = score(document, whole(document.lines), SYNTAX)

    assert (found.measures["cognitive"], found.measures["depth"]) == (3, 1)


COGNITIVE = {
    "a row of one operator counts once": ("x = a and b and c\n", 1),
    "each change of operator counts": ("x = a and b or c and d\n", 3),
    "a row inside `not` is another one": ("x = a and not (b and c)\n", 2),
    "a loop in a branch in a loop": ("for a in b:\n    if c:\n        while d:\n            pass\n", 6),
    "a function in a function is a level": ("def f():\n    def g():\n        if a:\n            pass\n", 2),
    "a conditional expression": ("x = a if b else c\n", 1),
    "one that catches": ("try:\n    f()\nexcept E:\n    g()\n", 1),
    "recursion": ("def f(n):\n    return n and f(n - 1)\n", 2),
    "a function that never ends": ("def f(n):\n    return f(n - 1)\n", 0),
    "recursion in a circle": ("def f(n):\n    return g(n)\n\ndef g(n):\n    return f(n)\n", 2),
    "a call of what somebody else calls the same": ("def get(self, k):\n    return self.inner.get(k)\n", 0),
}


@pytest.mark.parametrize("case", COGNITIVE)
def test_cognitive_complexity_is_counted_as_published(case):
    """Campbell 2018, by its rules."""
    text, expected = COGNITIVE[case]
    document = snapshot(text)

    assert score(document, whole(document.lines), SYNTAX).measures["cognitive"] == expected


MEASURED = [
    ("python", "x = a & b | c << 2\n", "x = a + b - c * 2\n", "bits"),
    ("python", "a[i - 1] = b\n", "a[i] = b\n", "bits"),
    ("typescript", "type A<T> = T extends (infer U)[] ? U : never;\n", "type A = string;\n", "types"),
    ("rust", "fn f<'a, T: A + 'a>(x: &'a T) where T: B { g(x) }\n", "fn f(x: &T) { g(x) }\n", "types"),
    ("cpp", "template <class... A> void f(A&&... a) { (g(a), ...); }\n", "void f(A& a) { g(a); }\n", "types"),
    (
        "java",
        "class A { <T extends B> void f(List<? super T> a) { g(a); } }\n",
        "class A { void f(C a) { g(a); } }\n",
        "types",
    ),
    (
        "go",
        "func f() {\n\tgo g()\n\tx := <-c\n\tselect {\n\tcase c <- x:\n\t}\n}\n",
        "func f() {\n\tg()\n}\n",
        "concurrency",
    ),
    ("python", "async def f():\n    await g()\n", "def f():\n    g()\n", "concurrency"),
    (
        "java",
        "class A { void f() { synchronized (a) { g(); } } }\n",
        "class A { void f() { g(); } }\n",
        "concurrency",
    ),
    ("cpp", "std::mutex m;\n", "std::string m;\n", "concurrency"),
    ("rust", "fn f() { unsafe { *p = 1; } }\n", "fn f() { p = 1; }\n", "unsafe"),
    ("c", "void f(int **p) { *p = g((int *)q); }\n", "void f(int p) { p = g(q); }\n", "unsafe"),
    ("python", "x = re.compile(r'^(?P<a>\\d+)(?:\\.\\d*)?[a-z]+$')\n", "x = re.compile('abc')\n", "patterns"),
    ("javascript", "const x = /^(\\d+)(?:\\.\\d*)?$/;\n", "const x = 'a';\n", "patterns"),
    (
        "javascript",
        "const f = (a) => (b) => (c) => a + b + c;\n",
        "const f = (a) => a + b + c;\n",
        "closures",
    ),
    (
        "python",
        "for a in b:\n    for c in d:\n        f()\n",
        "for a in b:\n    f()\nfor c in d:\n    f()\n",
        "loops",
    ),
    ("python", "x = [a for b in c for a in b]\n", "x = [a for a in b]\n", "loops"),
    ("python", "try:\n    f()\nfinally:\n    g()\n", "f()\ng()\n", "errors"),
    ("python", "for a in b:\n    x += a\n", "for a in b:\n    x(a)\n", "state"),
    ("python", "f(a, b, c + (d + e(g, h)))\n", "f(a, b, c)\n", "expressions"),
    ("python", "f(outer)\n", "def f(inner):\n    f(inner)\n", "outside"),
]


@pytest.mark.parametrize(("language", "more", "less", "measure"), MEASURED)
def test_each_measure_sees_what_it_is_for(language, more, less, measure):
    """In the languages that have it, and only there."""
    amounts = []
    for text in (more, less):
        document = snapshot(text, language, uri="file:///measured")
        amounts.append(score(document, whole(document.lines), SYNTAX).measures[measure])

    assert amounts[0] > amounts[1]


@pytest.mark.parametrize(
    ("body", "amount"), [("return 2", 0.0), ("for i in x { break }", 1.0), ("if a { return 1 }", 0.8)]
)
def test_an_ordinary_return_is_no_jump(body, amount):
    """Swift has one kind of statement for all that leaves."""
    document = snapshot(f"func f() {{\n    {body}\n}}\n", "swift", uri="file:///leaves")
    assert score(document, whole(document.lines), SYNTAX).measures["jumps"] == pytest.approx(amount)


def test_what_writes_to_a_stream_is_no_arithmetic():
    """C++ says both with the same sign."""
    text = 'void f() {\n  std::cout << "a" << b << c << "\\n";\n  out << d << e;\n}\n'
    document = snapshot(text, "cpp", uri="file:///stream")
    found = score(document, whole(document.lines), SYNTAX).measures

    assert (found["bits"], found["expressions"]) == (0, 0)


def test_a_part_of_a_function_is_measured_by_itself():
    """Levels around a selection are none of its own."""
    document = snapshot(BRANCHED)
    inner = score(document, Range(Point(5, 0), Point(8, 0)), SYNTAX)

    assert (inner.measures["depth"], inner.measures["cognitive"]) == (1, 2)
    assert inner.value < value(BRANCHED)


SAME = {
    "a name that is set twice in the same way": ("if a:\n    x = f(b)\n    x = f(c)\n", "state", 0),
    "a name that gets another kind of value": ("x = 0\nif a:\n    x = f(b)\n", "state", 1),
    "the counter of a loop": ("for i in a:\n    f(i)\n", "state", 0),
    "ways of one branch, whatever they ask": (
        "if a:\n    f()\nelif b.c > 1:\n    f()\nelse:\n    f()\n",
        "branching",
        2.5,
    ),
    "guards of one shape": ("if a is None:\n    f()\nif b is None:\n    f()\n", "branching", 1.5),
    "guards of different shapes": ("if a is None:\n    f()\nif b > 1:\n    f()\n", "branching", 2),
    "loops side by side": ("for a in b:\n    f()\nfor c in d:\n    f()\n", "loops", 1.5),
    "a name that is only compared": ("def f(a):\n    if a - b:\n        f(a - c)\n", "state", 0),
    "an ordinary list": ("x: list[int] = f()\n", "types", 0.11),
}


@pytest.mark.parametrize("case", SAME)
def test_what_is_of_one_kind_fades(case):
    """The n-th of a kind counts one n-th."""
    text, measure, expected = SAME[case]
    document = snapshot(text)

    assert score(document, whole(document.lines), SYNTAX).measures[measure] == pytest.approx(expected)


@pytest.mark.parametrize("language", ["java", "cpp", "csharp", "javascript", "go", "rust"])
def test_the_left_side_of_an_operator_gets_no_value(language):
    """Grammars call it what they call the left side of `=`."""
    body = "if (a < 2) { return a - b; }" if language != "go" else "if a < 2 {\n\treturn a - b\n}"
    heads = {"javascript": "function f(a)", "go": "func f(a int) int", "rust": "fn f(a: u8) -> u8"}
    document = snapshot(
        f"{heads.get(language, 'int f(int a)')} {{\n{body}\n}}\n", language, uri="file:///left"
    )
    measures = score(document, whole(document.lines), SYNTAX).measures

    assert measures["state"] == 0


def test_texts_that_document_are_no_code():
    """Neither a docstring nor a string that stands alone."""
    assert value('def f():\n    """Doc."""\n    g()\n    "more"\n') == value("def f():\n    g()\n")
    document = snapshot('"""Doc."""\n')
    assert score(document, whole(document.lines), SYNTAX).measures["tokens"] == 0


def test_a_body_begins_an_expression_anew():
    """What is in a callback is as deep as it is in the callback."""
    inside = "f(a, function () {\n  x = b + c + d;\n});\n"
    document, other = (
        snapshot(inside, "javascript", uri="file:///x/1"),
        snapshot("x = b + c + d;\n", "javascript", uri="file:///x/2"),
    )

    assert (
        score(document, whole(document.lines), SYNTAX).measures["expressions"]
        == score(other, whole(other.lines), SYNTAX).measures["expressions"]
        == 1
    )


@pytest.mark.parametrize("text", ['cout << "a" << b;\n', "cout << a << b;\n", 'cout << "a";\n'])
def test_each_way_to_write_to_a_stream_is_seen(text):
    """By a text in the row, or by two such signs one after the other."""
    document = snapshot(f"void f() {{\n  {text}}}\n", "cpp", uri=f"file:///s/{text}")
    assert score(document, whole(document.lines), SYNTAX).measures["bits"] == 0
