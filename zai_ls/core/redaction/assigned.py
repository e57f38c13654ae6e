"""Secrets that only their name gives away: `password = "…"` in the forms of many languages, and what headers carry.

Names are searched for as plain text; what follows one is read by patterns that cannot go back over it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from zai_ls.core.redaction.looks import is_code, is_password, is_random, is_token, is_weak

if TYPE_CHECKING:
    from collections.abc import Iterator


class Assigned(NamedTuple):
    """Where a value stands that its name calls secret."""

    start: int
    end: int
    kind: str


_PASSWORD = re.compile(r"(?i:pass(?:words?|wds?|phrases?|codes?)|pwd)(?![a-z])")
_PASS = re.compile(r"(?i:pass)(?![a-z])")
_TOKEN = re.compile(
    r"(?i:(?:secret|token|credential|auth)s?)(?![a-z])|(?i:(?:secret|token)(?=key|value))|(?i:key)(?![a-z])"
)
_OF_KEY = re.compile(
    r"(?:api|access|account|auth|private|encrypt(?:ion)?|signing|master|shared|secret|storage|licen[cs]e|service|admin|"
    r"subscription|deploy|webhook|app|client|hmac|jwt|session|cookie)[_.\- ]?$"
)
"""What makes a key one to keep."""
_OF_PASS = re.compile(r"(?:^|[^a-z]|db|user|my|root|admin|smtp|ftp|mail|redis|mysql)$")
_NAMES_ELSE = frozenset(
    [
        "id",
        "ids",
        "name",
        "names",
        "types",
        "url",
        "uri",
        "urls",
        "path",
        "paths",
        "file",
        "files",
        "filename",
        "dir",
        "folder",
        "field",
        "fields",
        "label",
        "labels",
        "hash",
        "hashed",
        "hashes",
        "digest",
        "checksum",
        "regex",
        "regexp",
        "pattern",
        "policy",
        "rule",
        "rules",
        "length",
        "len",
        "min",
        "max",
        "count",
        "size",
        "ttl",
        "expiry",
        "expires",
        "expire",
        "expiration",
        "lifetime",
        "timeout",
        "header",
        "headers",
        "param",
        "params",
        "parameter",
        "prefix",
        "suffix",
        "format",
        "limit",
        "input",
        "box",
        "placeholder",
        "error",
        "errors",
        "message",
        "messages",
        "msg",
        "text",
        "title",
        "hint",
        "help",
        "prompt",
        "reset",
        "link",
        "generator",
        "validator",
        "validation",
        "checker",
        "encoder",
        "encoding",
        "algorithm",
        "algo",
        "alg",
        "bits",
        "strength",
        "required",
        "enabled",
        "disabled",
        "usage",
        "used",
        "uses",
        "ref",
        "reference",
        "selector",
        "column",
        "visible",
        "toggle",
        "icon",
        "button",
        "izer",
        "izers",
        "ary",
        "schema",
        "audience",
        "issuer",
        "scope",
        "scopes",
        "arn",
        "alias",
        "display",
    ]
)
"""What follows a name that is about a secret and holds none."""
_LAST_ELSE = frozenset(
    [
        "service",
        "model",
        "store",
        "storage",
        "provider",
        "manager",
        "source",
        "form",
        "view",
        "page",
        "screen",
        "endpoint",
        "route",
        "factory",
        "version",
        "type",
        "class",
        "kind",
        "index",
    ]
)
"""The same at a name's end; before another word it says what the secret is for: `password_service_db`."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_SEPARATOR = re.compile(
    r"""(?P<rest>[\w-]{0,40}+)(?:\[\w{0,20}+\](?=[ \t]*=))?+(?:[ \t]*+\{[ \t]*+get;[\w; \t]{0,40}+\}(?=[ \t]*=))?+
    (?:\\?["'`\]\)]){0,3}+
    (?:[ \t]*+:[ \t]*+[&\w.<>\[\]?|' ]{1,40}(?=[ ]=|=["'])|[ \t]++(?!value)[\w.*]{1,24}+(?=[ \t]*:?=))?+
    (?:[ \t]*+(?P<by>,?[ \t]*+(?:\r?\n[ \t]*+)?["']?value["']?[ \t]*+:|=>|:=|\?\?=|\|\|=|[=!]==?|\+=|=|:|,|\(|>)|[ \t]++value[ \t]*+=|(?P<space>[ \t]++))
    (?P<gap>[ \t]*+(?:\r?\n[ \t]*+)?)
    (?:(?:(?:new[ \t]++)?[A-Za-z_][\w.:]{0,39}+)?+\([ \t]*+(?:\r?\n[ \t]*+)?)?+
    (?:[@$bBrRfFuUL]{1,2}\#{0,3}+(?=["']))?+
    (?:""(?="[^"])|''(?='[^']))?+
    """,
    re.VERBOSE,
)
_QUOTED = re.compile(
    r"""\\"(?P<a>(?:[^"\\\n]|\\\\\\["\\]|\\\\(?![\\"])){4,1000}+)\\"|\\'(?P<b>(?:[^'\\\n]|\\\\\\['\\]|\\\\(?![\\'])){4,1000}+)\\'
    |"(?P<c>(?:[^"\\\n]|\\.){4,1000}+)(?:"|$)|'(?P<d>(?:[^'\\\n]|\\.){4,1000}+)(?:'|$)|`(?P<e>[^`\\\n]{4,1000}+)(?:`|$)""",
    re.VERBOSE | re.MULTILINE,
)
_BARE = re.compile(r"""[^\s"'`,;(){}\[\]<>\\|]{6,400}+(?=[\s"'`,;<\\&]|$)""")
_IN_PAIRS = re.compile(r"""[^;"'`\s]{3,400}+""")
_QUERY = re.compile(r"[\w%.~+/=!*$@,:-]{3,400}+")
_AFTER_CODE = (";", "(", "{", "[")
_NAME_END = re.compile(r"[\w.-]*+\Z")
_PAIRS_EDGES = ('"', "'", "`", "\n")
_PAIR = re.compile(r"(?:[\w+.@-]*+:[\w:/.,@+ -]*+|[\w :/.+,@\\-]{0,80}+=[^=]?.*)", re.DOTALL)
"""One of a connection string; the first may be an address."""
_PAIR_NEARBY = re.compile(
    r"(?i:server|data source|address|host|user ?(?:id|name)?|uid|endpoint|account ?name|database|dbname|initial catalog|port)"
    r"=(?=[^\s=])"
)
_NEAR = 240
"""Characters around a value in which the other parts of a connection string stand."""
_HEADER = re.compile(
    r"(?:bearer|basic|token|apikey)[ \t]++(?P<value>[\w.~+/-]{12,2000}+={0,2})", re.IGNORECASE
)
_ELSE = re.compile(
    r"""(?:[\w.$()\[\]!&=> \t-]|\?\.|"[\w.-]{0,60}+"|'[\w.-]{0,60}+'|["']){1,80}?(?:\bor\b|\|\||\?\?|\?)[ \t]*+(?=["'`])"""
)
"""What leads from a name to the value that stands for one which is not set, or is chosen."""
_LIST = re.compile(
    r"""(?:\\?["'\])]){0,2}+(?:\[\])?+[ \t]*+(?:=>?|:=?)[ \t]*+(?:new[ \t]*+)?(?:[\w.]{0,30}+\[\])?+[ \t]*+[\w.]{0,30}+[\[{(]\s{0,40}+(?=["'`])"""
)
_NEXT = re.compile(r"""["'`]?\s{0,40}+,\s{0,40}+(?=["'`])""")
_ITEMS = 50
_IDENTIFIED = re.compile(r"identified by[ \t]++(?:password[ \t]++)?", re.IGNORECASE)
_DSN = re.compile(r"(?P<user>[\w.-]{0,40}):(?P<password>[^\s\"'`]{3,80})\Z")
_REST = re.compile(r"[\w-]{0,40}+")
_PROTOCOLS = ("@tcp(", "@unix(")
_SPACE = re.compile(r"\s")
_JUDGED = 80
"""Characters of a value that tell how it looks."""
_TAG = re.compile(r"<[\w:.-]*\Z")
_SPACED = re.compile(r"(?:--[\w-]*|\benv[ \t]+\w*|#define[ \t]+\w*)\Z")
"""Before a name whose value follows after no more than a space."""
_BEGINS_HEADER = re.compile(r"""(?:^|[:"'`=][ \t]?)\Z""")
_STEMS = ("pass", "pwd", "secret", "token", "credential", "key", "auth")
_CHINESE = {"密码": "password", "口令": "password", "密钥": "token", "令牌": "token"}
_HEADERS = ("bearer ", "basic ", "token ")


def assigned(text: str, low: str) -> Iterator[Assigned]:
    """Each value that is assigned to a secret's name in *text*; *low* is the text in small letters, as long as it is."""
    return _Reader(text, low).all()


class _Reader:
    """Reads one text."""

    def __init__(self, text: str, low: str) -> None:
        self._text = text
        self._low = low

    def all(self) -> Iterator[Assigned]:
        """What is assigned, and what headers carry, by name after name."""
        text, low = self._text, self._low
        for stem in _STEMS:
            at = low.find(stem)
            while at >= 0:
                kind, end = self._named(at)
                found = self._value(at, end, kind) if kind else None
                if found is not None:
                    yield found
                if kind and found is None:
                    for found in self._later(end, kind):
                        yield found
                at = low.find(stem, found.end if found else at + len(stem))
        if not text.isascii():
            for stem, kind in _CHINESE.items():
                at = text.find(stem)
                while at >= 0:
                    found = self._value(at, at + len(stem), kind)
                    if found is not None:
                        yield found
                    at = text.find(stem, at + len(stem))
        yield from self._by_itself()
        for scheme in _HEADERS:
            at = low.find(scheme)
            while at >= 0:
                begins = _BEGINS_HEADER.search(text, max(0, at - 2), at) is not None
                header = _HEADER.match(text, at) if begins else None
                if header is not None and is_token(header["value"][:_JUDGED], quoted=True):
                    yield Assigned(header.start("value"), header.end("value"), "header")
                at = low.find(scheme, at + len(scheme))

    def _by_itself(self) -> Iterator[Assigned]:
        """What SQL sets, and the passwords in Go's addresses of databases."""
        text, low = self._text, self._low
        at = low.find("identified by")
        while at >= 0:
            by = _IDENTIFIED.match(text, at)
            quoted = _QUOTED.match(text, by.end()) if by is not None else None
            if quoted is not None and _is_secret(
                quoted[group := quoted.lastgroup or "c"], "password", quoted=True, listed=False
            ):
                yield Assigned(quoted.start(group), quoted.end(group), "password")
            at = low.find("identified by", at + 1)
        for sign in _PROTOCOLS:
            at = low.find(sign)
            while at >= 0:
                floor = max(0, at - 120)
                begins = max(text.rfind(edge, floor, at) for edge in _PAIRS_EDGES)
                dsn = _DSN.fullmatch(text, begins + 1, at) if begins >= 0 else None
                if dsn is not None and not is_weak(dsn["password"], dsn["user"]):
                    yield Assigned(dsn.start("password"), at, "address")
                at = low.find(sign, at + 1)

    def _later(self, end: int, kind: str) -> Iterator[Assigned]:
        """Values of a list, or one that is taken when there is no other."""
        text = self._text
        opened = _LIST.match(text, end)
        if opened is None:
            other = _ELSE.match(text, end)
            if other is None or _is_about_else(_REST.match(text, end)[0]):  # type: ignore[index]  # it matches the empty rest too
                return
            quoted = _QUOTED.match(text, other.end())
            if quoted is not None:
                group = quoted.lastgroup or "c"
                if _is_secret(quoted[group], kind, quoted=True, listed=True):
                    yield Assigned(quoted.start(group), quoted.end(group), kind)
            return
        at = opened.end()
        for _ in range(_ITEMS):
            quoted = _QUOTED.match(text, at)
            if quoted is None:
                return
            group = quoted.lastgroup or "c"
            if _is_secret(quoted[group], kind, quoted=True, listed=True):
                yield Assigned(quoted.start(group), quoted.end(group), kind)
            following = _NEXT.match(text, quoted.end())
            if following is None:
                return
            at = following.end()

    def _named(self, at: int) -> tuple[str, int]:
        """The kind of secret that the name at *at* tells of, and where the name's own part ends; no kind when it tells of none."""
        text, before = self._text, self._low[max(0, at - 14) : at]
        if (match := _PASSWORD.match(text, at)) is not None:
            return "password", match.end()
        if (match := _PASS.match(text, at)) is not None:
            begins = _OF_PASS.search(before) is not None or (text[at].isupper() and text[at - 1].islower())
            return ("password" if begins else ""), match.end()
        if (match := _TOKEN.match(text, at)) is None:
            return "", at
        word, end = match[0].lower(), match.end()
        if word == "key" and _OF_KEY.search(before) is None:
            return "", at
        if word.startswith("auth") and not (
            before.endswith(("_", '"', "'")) and text[end : end + 1] in tuple("=\"' :")
        ):
            return "", at
        return "token", end

    def _value(self, at: int, end: int, kind: str) -> Assigned | None:
        separator = _SEPARATOR.match(self._text, end)
        if separator is None or _is_about_else(separator["rest"]):
            return None
        by, start = separator["by"], separator.end()
        if by == ">" and _TAG.search(self._low, max(0, at - 40), at) is None:
            return None
        if by == "=" and (pair := self._in_pairs(at, start)) is not None:
            return pair
        if (quoted := _QUOTED.match(self._text, start)) is not None:
            group = quoted.lastgroup or "c"
            listed = by in {",", "("} or separator["space"] is not None
            if (separator["space"] and end - at == len("pass")) or (by == "," and "\n" in separator["gap"]):
                return None
            if not _is_secret(quoted[group], kind, quoted=True, listed=listed):
                return None
            return Assigned(quoted.start(group), quoted.end(group), kind)
        bare = _BARE.match(self._text, start)
        if bare is None or by in {",", "(", "!="} or "\n" in separator["gap"]:
            return None
        if by is None and not (separator["space"] and _SPACED.search(self._low, max(0, at - 60), at)):
            return None
        value = bare[0].rstrip(":.")
        if not _is_secret(value, kind, quoted=False, listed=False):
            return None
        return Assigned(start, start + len(value), kind)

    def _in_pairs(self, at: int, start: int) -> Assigned | None:
        """The value of a connection string's `Password=` or `AccountKey=`, or of an address's `?password=`."""
        text = self._text
        if text[start - 1] != "=" or text[start - 2].isspace():
            return None
        before = _NAME_END.sub("", self._low[max(0, at - _NEAR) : at], count=1)
        query = before.endswith(("?", "&")) and not before.endswith("&&")
        value = (_QUERY if query else _IN_PAIRS).match(text, start)
        if value is None:
            return None
        shown = value[0][:_JUDGED]
        if is_weak(shown) or not any(c.isalpha() for c in shown) or is_code(shown):
            return None
        if query:
            if text[value.end() : value.end() + 1] in _AFTER_CODE:
                return None
        elif not self._is_among_pairs(at, value.end(), shown):
            return None
        return Assigned(value.start(), value.end(), "connection")

    def _is_among_pairs(self, start: int, end: int, value: str) -> bool:
        """Does the value that ends at *end* stand among others, as in a connection string: on one line, in one string?"""
        first = max(0, start - _NEAR)
        edge = max(self._text.rfind(sign, first, start) for sign in _PAIRS_EDGES)
        begins = edge + 1 if edge >= 0 else first
        after = self._text[end : end + _NEAR]
        stops = min((at for sign in _PAIRS_EDGES if (at := after.find(sign)) >= 0), default=len(after))
        pairs = (self._text[begins:end] + after[:stops]).split(";")
        if len(pairs) < 2 or not any(_PAIR_NEARBY.search(pair) for pair in pairs):
            return False
        in_string = (
            edge >= 0
            and self._text[edge] != "\n"
            and all(_PAIR.fullmatch(pair) for pair in pairs[: -1 if not pairs[-1].strip() else None])
        )
        return in_string or is_password(value, quoted=False) or is_token(value, quoted=False)


def _is_secret(value: str, kind: str, *, quoted: bool, listed: bool) -> bool:
    if _SPACE.search(value):
        return False
    value = value[:_JUDGED]
    if kind == "password":
        return is_password(value, quoted=quoted) and (not listed or _is_random_listed(value))
    return is_token(value, quoted=quoted)


def _is_random_listed(value: str) -> bool:
    """In a list, what follows the word `password` need not belong to it."""
    return (
        len(value) >= 8
        and any(c.isdigit() for c in value)
        and (is_random(value) or not value.replace("-", "").isalnum())
    )


def _is_about_else(rest: str) -> bool:
    words = [word.lower() for word in _WORD.findall(rest)]
    return any(word in _NAMES_ELSE for word in words) or (bool(words) and words[-1] in _LAST_ELSE)
