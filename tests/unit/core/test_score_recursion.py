"""What counts as a function that calls itself, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.unit.core.texts import snapshot
from zai_ls.core.complexity import score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import whole

SYNTAX = Syntax()

RECURSIVE = {
    "python fib": (
        "python",
        "def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\n",
    ),
    "python tern": ("python", "def fib(n):\n    return n if n < 2 else fib(n - 1)\n"),
    "python walk": ("python", "def walk(n):\n    for c in n.kids:\n        walk(c)\n"),
    "python comp": ("python", "def walk(n):\n    return [walk(c) for c in n.kids]\n"),
    "python or": ("python", "def f(n):\n    return n == 0 or f(n - 1)\n"),
    "python mutual": ("python", "def f(n):\n    return n and g(n)\n\ndef g(n):\n    return f(n)\n"),
    "python self": (
        "python",
        "class A:\n    def get(self, k):\n        if k:\n            return self.get(k)\n",
    ),
    "python cls": (
        "python",
        "class A:\n    @classmethod\n    def get(cls, k):\n        if k:\n            return cls.get(k)\n",
    ),
    "python class": (
        "python",
        "class A:\n    @staticmethod\n    def get(k):\n        if k:\n            return A.get(k)\n",
    ),
    "python nested in method": (
        "python",
        "class A:\n    def get(self, k):\n        def go(n):\n            if n:\n                go(n)\n        go(k)\n",
    ),
    "javascript this": ("javascript", "class A { get(k) { if (k) { return this.get(k); } } }\n"),
    "javascript class": ("javascript", "class A { static get(k) { if (k) { return A.get(k); } } }\n"),
    "javascript fn": ("javascript", "function f(n) { return n < 2 ? n : f(n - 1); }\n"),
    "javascript named twice": (
        "javascript",
        "const f = function f(n) { return n < 2 ? n : f(n - 1); };\n",
    ),
    "javascript arrow": ("javascript", "const f = (n) => n < 2 ? n : f(n - 1);\n"),
    "php this": ("php", "<?php class A { function get($k) { if ($k) { return $this->get($k); } } }\n"),
    "php self": ("php", "<?php class A { static function get($k) { if ($k) { return self::get($k); } } }\n"),
    "php static": (
        "php",
        "<?php class A { static function get($k) { if ($k) { return static::get($k); } } }\n",
    ),
    "php fn": ("php", "<?php function get($k) { if ($k) { return get($k); } }\n"),
    "rust self": ("rust", "impl A { fn get(&self, k: u8) -> u8 { if k > 1 { return self.get(k); } 1 } }\n"),
    "rust Self": ("rust", "impl A { fn get(k: u8) -> u8 { if k > 1 { return Self::get(k); } 1 } }\n"),
    "rust A": ("rust", "impl A { fn get(k: u8) -> u8 { if k > 1 { return A::get(k); } 1 } }\n"),
    "rust generic A": ("rust", "impl<T> A<T> { fn get(k: u8) -> u8 { if k > 1 { return A::get(k); } 1 } }\n"),
    "rust fn": ("rust", "fn get(k: u8) -> u8 { match k { 0 => 1, _ => get(k - 1) } }\n"),
    "rust ?": ("rust", "fn get(k: I) -> Option<u8> { let x = k.next()?; get(k) }\n"),
    "go fn": ("go", "package p\nfunc get(k int) int { if k > 1 { return get(k) }\n return 1 }\n"),
    "go recv": ("go", "package p\nfunc (a *A) get(k int) int { if k > 1 { return a.get(k) }\n return 1 }\n"),
    "java bare": ("java", "class A { int f(int n) { if (n < 2) return n; return f(n - 1) + f(n - 2); } }\n"),
    "java this": ("java", "class A { int f(int n) { if (n < 2) return n; return this.f(n - 1); } }\n"),
    "java static": ("java", "class A { static int f(int n) { if (n < 2) return n; return A.f(n - 1); } }\n"),
    "java varargs": (
        "java",
        "class A { int f(int n, int... m) { if (n < 2) return n; return f(n - 1, 2, 3); } }\n",
    ),
    "csharp": ("csharp", "class A { int F(int n, int m = 1) { if (n < 2) return n; return F(n - 1); } }\n"),
    "csharp params": (
        "csharp",
        "class A { int F(int n, params int[] m) { if (n < 2) return n; return F(n - 1, 2, 3); } }\n",
    ),
    "cpp": ("cpp", "int f(int n, int m = 1) { if (n < 2) return n; return f(n - 1); }\n"),
    "cpp pack": (
        "cpp",
        "template <class T, class... R> void p(T t, R... r) { g(t); if constexpr (sizeof...(r) > 0) p(r...); }\n",
    ),
    "cpp memb": ("cpp", "int A::f(int n) { if (n < 2) return n; return this->f(n - 1); }\n"),
    "c": ("c", "int f(int n) { if (n < 2) return n; return f(n - 1); }\n"),
    "c star": ("c", "node *f(node *n) { if (!n) return n; return f(n->next); }\n"),
    "kotlin": ("kotlin", "fun f(n: Int, m: Int = 1): Int { if (n < 2) return n; return f(n - 1) }\n"),
    "kotlin vararg": (
        "kotlin",
        "fun f(n: Int, vararg m: Int): Int { if (n < 2) return n; return f(n - 1, 2, 3) }\n",
    ),
    "kotlin this": (
        "kotlin",
        "class A { fun f(n: Int): Int { if (n < 2) return n; return this.f(n - 1) } }\n",
    ),
    "swift": ("swift", "func f(_ n: Int, m: Int = 1) -> Int { if n < 2 { return n }\n return f(n - 1) }\n"),
    "generic": ("rust", "fn f<T>(n: u8) -> u8 { if n > 1 { return f::<T>(n - 1); } 1 }\n"),
    "kotlin lambda behind": (
        "kotlin",
        "fun f(n: Int, g: () -> Int): Int { if (n < 2) return n; return f(n - 1) { 1 } }\n",
    ),
    "without a grammar": ("scala", "def f(n: Int) = {\n  if (n < 2) n\n  else f(n - 1)\n}\n"),
    "cases without a grammar": ("scala", "def f(0) = 1\ndef f(n) =\n  f(n - 1)\n"),
}
NOT = {
    "python import": (
        "python",
        "def queue(n):\n    from x import queue\n    if n:\n        return queue(n)\n",
    ),
    "python assigned": ("python", "def f(n):\n    f = g()\n    if n:\n        return f(n)\n"),
    "python param": ("python", "def f(f, n):\n    if n:\n        return f(n)\n"),
    "python method": (
        "python",
        "class A:\n    def get(self, k):\n        if k:\n            return get(k)\n",
    ),
    "javascript method": ("javascript", "class A { get(k) { if (k) { return get(k); } } }\n"),
    "javascript object": ("javascript", "const a = { get(k) { if (k) { return get(k); } } };\n"),
    "typescript method": ("typescript", "class A { get(k: K): V { if (k) { return get(k); } } }\n"),
    "typescript field": ("typescript", "class A { get = (k: K) => { if (k) { return get(k); } } }\n"),
    "php method": ("php", "<?php class A { function get($k) { if ($k) { return get($k); } } }\n"),
    "rust method": ("rust", "impl A { fn get(&self, k: u8) -> u8 { if k > 1 { return get(k); } 1 } }\n"),
    "rust use": ("rust", "fn get(k: u8) -> u8 { use m::get; if k > 1 { return get(k); } 1 }\n"),
    "go method": ("go", "package p\nfunc (a *A) get(k int) int { if k > 1 { return get(k) }\n return 1 }\n"),
    "java overload": ("java", "class A { void add(T t, int n) { if (n > 0) { add(t); } } }\n"),
    "java field": (
        "java",
        "class A { A name(String name) { if (name != null) { this.name = name; } return this; } }\n",
    ),
    "java object": ("java", "class A { void add(int n) { if (n > 0) { add.run(n); } } }\n"),
    "csharp overload": ("csharp", "class A { void Add(T t, int n) { if (n > 0) { Add(t); } } }\n"),
    "cpp overload": ("cpp", "void add(T t, int n) { if (n > 0) { add(t); } }\n"),
    "kotlin overload": ("kotlin", "fun add(t: T, n: Int) { if (n > 0) { add(t) } }\n"),
    "swift overload": ("swift", "func add(_ t: T, _ n: Int) { if n > 0 { add(t) } }\n"),
    "whole body": ("python", "def f(n):\n    return f(n - 1)\n"),
    "whole body ts": ("typescript", "function f(n) { return f(n - 1); }\n"),
    "jsx": ("tsx", "function Button(p) { if (p) { return <Button a={1}><Button/></Button>; } }\n"),
    "jsx js": (
        "javascriptreact",
        "function Button(p) { if (p) { return <Button a={1}><Button/></Button>; } }\n",
    ),
    "javascript shorthand": (
        "javascript",
        "function get(a) { const { get } = lib; if (a) { return get(a); } }\n",
    ),
    "ruby receiver": ("ruby", "def f(n)\n  if n\n    f.each\n  end\nend\n"),
    "jsx of an arrow": (
        "javascriptreact",
        "const Button = (p) => { if (p) { return <Button a={1}><Button/></Button>; } };\n",
    ),
    "without a grammar": ("scala", "def f(n: Int) = {\n  f(n - 1)\n}\n"),
}


def recursion(language: str, text: str) -> float:
    document = snapshot(text, language, uri=f"file:///recursion/{language}")
    SYNTAX.forget(document.uri)
    return score(document, whole(document.lines), SYNTAX).measures["recursion"]


@pytest.mark.parametrize("name", RECURSIVE)
def test_a_function_that_calls_itself_counts(name):
    """By its name, through its object or its class, and in a circle."""
    assert recursion(*RECURSIVE[name]) > 0


@pytest.mark.parametrize("name", NOT)
def test_what_has_the_same_name_does_not(name):
    """Another function that is imported, given or takes other values; a field; a method that a name alone never means."""
    assert recursion(*NOT[name]) == 0


def test_a_comment_decides_nothing():
    """Not even one that seems to import something."""
    text = "def f(n):\n    # import f\n    if n:\n        return f(n - 1)\n"
    assert recursion("python", text) == 1
