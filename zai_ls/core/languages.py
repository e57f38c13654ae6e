"""What each language is called and how its comments look: a table, by the editor's language id (LSP 3.17, "Text Document Language")."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Language:
    """One row."""

    id: str
    """The editor's language id."""
    endings: tuple[str, ...]
    """What names of its files end in, or are."""
    fences: tuple[str, ...] = ()
    """Other names that a fenced block may give it; the id itself always counts."""
    line: tuple[str, ...] = ()
    """What starts a comment up to the end of the line."""
    block: tuple[tuple[str, str], ...] = ()
    """What opens and closes other comments."""
    quotes: tuple[str, ...] = ('"', "'")
    """What opens and closes a string, the longest first."""
    grammar: str = ""
    """Name of its tree-sitter grammar; empty when there is none."""
    family: str = ""
    """Languages of one family are often named for each other; empty: a family of its own."""
    prose: bool = False
    """Is it read rather than run?"""


_C = (("/*", "*/"),)
_XML = (("<!--", "-->"),)
_SCRIPT_QUOTES = ("`", '"', "'")

_TABLE = (
    Language(
        "python",
        (".py", ".pyi", ".pyw"),
        ("py", "python3"),
        ("#",),
        quotes=('"""', "'''", '"', "'"),
        grammar="python",
    ),
    Language(
        "javascript",
        (".js", ".mjs", ".cjs"),
        ("js", "node"),
        ("//",),
        _C,
        _SCRIPT_QUOTES,
        "javascript",
        "script",
    ),
    Language("javascriptreact", (".jsx",), ("jsx",), ("//",), _C, _SCRIPT_QUOTES, "javascript", "script"),
    Language(
        "typescript", (".ts", ".mts", ".cts"), ("ts",), ("//",), _C, _SCRIPT_QUOTES, "typescript", "script"
    ),
    Language("typescriptreact", (".tsx",), ("tsx",), ("//",), _C, _SCRIPT_QUOTES, "tsx", "script"),
    Language("go", (".go",), ("golang",), ("//",), _C, _SCRIPT_QUOTES, "go"),
    Language("rust", (".rs",), ("rs",), ("//",), _C, ('"',), "rust"),  # a quote may be a lifetime
    Language("java", (".java",), (), ("//",), _C, ('"""', '"', "'"), "java"),
    Language("c", (".c", ".h"), (), ("//",), _C, grammar="c", family="c"),
    Language(
        "cpp",
        (".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"),
        ("c++", "cxx"),
        ("//",),
        _C,
        grammar="cpp",
        family="c",
    ),
    Language("csharp", (".cs",), ("cs", "c#"), ("//",), _C, grammar="csharp"),
    Language(
        "ruby",
        (".rb", ".rake", "Rakefile", "Gemfile"),
        ("rb",),
        ("#",),
        (("=begin", "=end"),),
        grammar="ruby",
    ),
    Language("php", (".php",), (), ("//", "#"), _C, grammar="php"),
    Language("kotlin", (".kt", ".kts"), ("kt",), ("//",), _C, ('"""', '"', "'"), "kotlin"),
    Language("swift", (".swift",), (), ("//",), _C, ('"""', '"'), "swift"),
    Language("scala", (".scala", ".sc"), (), ("//",), _C, ('"""', '"'), "scala"),
    Language("dart", (".dart",), (), ("//",), _C, ('"""', "'''", '"', "'"), "dart"),
    Language("lua", (".lua",), (), ("--",), (("--[[", "]]"),), grammar="lua"),
    Language("elixir", (".ex", ".exs"), ("ex",), ("#",), quotes=('"""', '"'), grammar="elixir"),
    Language("haskell", (".hs",), ("hs",), ("--",), (("{-", "-}"),), ('"',), "haskell"),
    Language("zig", (".zig",), (), ("//",), (), ('"', "'"), "zig"),
    Language("r", (".r", ".R"), (), ("#",), grammar="r"),
    Language("julia", (".jl",), ("jl",), ("#",), (("#=", "=#"),), ('"""', '"'), "julia"),
    Language("perl", (".pl", ".pm"), (), ("#",)),
    Language("clojure", (".clj", ".cljs", ".edn"), ("clj",), (";",), quotes=('"',)),
    Language("lisp", (".lisp", ".el"), ("elisp", "common-lisp"), (";",), quotes=('"',)),
    Language("erlang", (".erl", ".hrl"), (), ("%",)),
    Language("ocaml", (".ml", ".mli"), (), (), (("(*", "*)"),), ('"',)),
    Language("fsharp", (".fs", ".fsx"), ("f#",), ("//",), (("(*", "*)"),), ('"""', '"')),
    Language("objective-c", (".m",), ("objc", "objectivec"), ("//",), _C, family="c"),
    Language(
        "shellscript",
        (".sh", ".bash", ".zsh", ".bashrc", ".zshrc"),
        ("sh", "bash", "shell", "zsh", "console"),
        ("#",),
        grammar="bash",
    ),
    Language("powershell", (".ps1", ".psm1"), ("ps1", "pwsh"), ("#",), (("<#", "#>"),)),
    Language("bat", (".bat", ".cmd"), ("batch",), ("REM ", "::"), quotes=('"',)),
    Language("plpgsql", (".plpgsql",), (), ("--",), _C),
    Language("sql", (".sql",), ("mysql", "postgresql", "sqlite"), ("--",), _C, grammar="sql"),
    Language("makefile", (".mk", "Makefile", "makefile"), ("make",), ("#",)),
    Language("dockerfile", (".dockerfile", "Dockerfile"), ("docker",), ("#",), grammar="dockerfile"),
    Language("terraform", (".tf", ".hcl"), ("hcl", "tf"), ("#", "//"), _C, ('"',), "hcl"),
    Language("html", (".html", ".htm"), (), (), _XML, grammar="html", family="html"),
    Language("vue", (".vue",), (), (), _XML, grammar="vue", family="html"),
    Language("svelte", (".svelte",), (), (), _XML, grammar="svelte", family="html"),
    Language("xml", (".xml", ".svg", ".xsd"), ("svg",), (), _XML, family="html"),
    Language("css", (".css",), (), (), _C, grammar="css", family="css"),
    Language("scss", (".scss",), (), ("//",), _C, family="css"),
    Language("less", (".less",), (), ("//",), _C, family="css"),
    Language("json", (".json",), (), (), (), ('"',), "json", "json"),
    Language("jsonc", (".jsonc",), ("json5",), ("//",), _C, ('"',), "json", "json"),
    Language("yaml", (".yaml", ".yml"), ("yml",), ("#",), grammar="yaml"),
    Language("toml", (".toml",), (), ("#",), grammar="toml"),
    Language("ini", (".ini", ".cfg"), ("cfg", "conf"), (";", "#")),
    Language("markdown", (".md", ".markdown"), ("md",), (), _XML, (), "markdown", "prose", prose=True),
    Language("restructuredtext", (".rst",), ("rst", "rest"), ("..",), (), (), family="prose", prose=True),
    Language("latex", (".tex",), ("tex",), ("%",), (), (), prose=True),
    Language("plaintext", (".txt",), ("text", "txt"), (), (), (), family="prose", prose=True),
)

LANGUAGES: dict[str, Language] = {language.id: language for language in _TABLE}
"""All rows by the editor's language id."""

_BY_ENDING = {ending: language.id for language in _TABLE for ending in language.endings}
_BY_NAME = {name: language.id for language in _TABLE for name in (language.id, *language.fences)}
_SAME = {
    "tex": "latex",
    "jsx": "javascriptreact",
    "tsx": "typescriptreact",
    "c++": "cpp",
    "bash": "shellscript",
}
"""Ids that some editors use instead."""


def language(language_id: str) -> Language:
    """The row of *language_id*; one that only knows its name when there is none."""
    return LANGUAGES.get(_SAME.get(language_id, language_id)) or Language(language_id, (), family=language_id)


def language_of(path: str) -> str:
    """The language id of the file at *path*, by its name; `plaintext` when that tells nothing."""
    name = PurePath(path.replace("\\", "/")).name
    suffix = PurePath(name).suffix
    return _BY_ENDING.get(name) or _BY_ENDING.get(suffix) or _BY_ENDING.get(suffix.lower()) or "plaintext"


def language_named(name: str) -> str | None:
    """The language id that a fenced block means by *name*; None when it is none we know."""
    return _BY_NAME.get(name.strip().lower())


def same_family(one: str, other: str) -> bool:
    """Would a reader call text in *one* language by the name of the *other*?"""
    first, second = language(one), language(other)
    return first.id == second.id or (bool(first.family) and first.family == second.family)
