"""How languages spell a comment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comments:
    """A comment on a line of its own."""

    before: str
    after: str = ""
    doc: tuple[str, str] = ("", "")
    """Around a documentation comment; empty where it is an ordinary one."""

    def line(self, text: str) -> str:
        """*text* as a comment; empty in a language that has none."""
        return f"{self.before} {text}{' ' + self.after if self.after else ''}" if self.before else ""

    def doc_line(self, text: str) -> str:
        """*text* as documentation of what follows."""
        before, after = self.doc
        return f"{before}{text}{after}" if before else self.line(text)


_HASH = Comments("#")
_STARRED = Comments("//", doc=("/** ", " */"))
_SLASHED = Comments("//", doc=("/// ", ""))
_PLAIN_SLASHES = Comments("//")
_DASHED = Comments("--")
_TAGGED = Comments("<!--", "-->")

_BY_LANGUAGE = {
    **dict.fromkeys(
        ("javascript", "js", "jsx", "javascriptreact", "typescript", "ts", "tsx", "typescriptreact", "java", "c", "cpp",
         "c++", "kotlin", "scala", "php", "objective-c"),
        _STARRED,
    ),
    **dict.fromkeys(("rust", "rs", "swift", "dart", "csharp", "cs"), _SLASHED),
    **dict.fromkeys(("go", "golang", "zig", "groovy", "proto"), _PLAIN_SLASHES),
    **dict.fromkeys(("lua", "sql", "haskell", "ada"), _DASHED),
    **dict.fromkeys(("html", "xml", "markdown", "md", "vue", "svelte", "svg"), _TAGGED),
    **dict.fromkeys(("css",), Comments("/*", "*/")),
    **dict.fromkeys(("lisp", "clojure", "scheme", "ini", "asm"), Comments(";;")),
    **dict.fromkeys(("latex", "tex", "erlang", "matlab"), Comments("%")),
    **dict.fromkeys(("vim",), Comments('"')),
    **dict.fromkeys(("json", "csv", "plaintext", "text"), Comments("")),
}  # fmt: skip


def comments_of(language: str) -> Comments:
    """Of *language* (an editor's id, or a fence's name); most of the rest take `#`."""
    return _BY_LANGUAGE.get(language, _HASH)
