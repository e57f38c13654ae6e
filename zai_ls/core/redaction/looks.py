"""How a value looks: like a secret, like words, or like something that stands for a value found elsewhere."""

from __future__ import annotations

import re
from itertools import pairwise

_REFERENCE = re.compile(
    r"\$\{|\$\(|\{\{|#\{|<%|%\(|%\{|\}\}|\.\.\.|…|\*\*\*|:\/\/"
    r"|^\$[A-Za-z_]\w*$|^%\w+%$|^%[sdvq@]$|^<[^>]*>$|^\[.*\]$|\{[\w.:!]*\}"
    r"|^(?:process|os|env|config|settings|secrets?|vault|ssm|arn|ref\+\w+|data|var|local)[.:]\w"
    r"|^#[0-9A-Fa-f]{3,8}$|^\.{1,2}/|^~/|^[A-Za-z]:\\"
)
"""Something that names a value: a variable, a template, a path, an address, a colour."""
_DUMMY = re.compile(
    r"(?<![a-z0-9])(?:test|tests|testing|example|dummy|fake|sample|mock|stub|foo|bar|baz|foobar|lorem|insert|redacted|"
    r"placeholder|todo|none|null|undefined|your|replace|change[_-]?me|change[_-]?it|not[_-]a)(?![a-z])"
    r"|x{6,}|(?<![0-9])(?:example|changeme|placeholder)",
    re.IGNORECASE,
)
_AWS_DOCS = re.compile(r"bPxRfiCYEXAMPLE")
"""In the secret that all of their documentation shows."""
_NAMED = re.compile(
    r"(?:my|new|old|the|user|db|super|top|admin|current|confirm|wrong|bad|good|invalid|valid|correct|some|strong|weak|secure)?"
    r"[_ -]?(?:passw[o0]rd|passwd|passphrase|pass|pwd|secret|token|key|api[_-]?key)[_-]?\d{0,4}[!.?]?",
    re.IGNORECASE,
)
"""A value that only says what it is."""
_COUNTED_UP = re.compile(r"012345|123456|abcdef", re.IGNORECASE)
_PATTERN = re.compile(r"\(\?|\[\^?.+\]|(?<!\\)\\[A-Za-z.]|\\\\(?:[dDwWsSbB](?![A-Za-z0-9])|\.)|^\^.*\$$")
"""A regular expression: grammars name what they match tokens and secrets."""
_COMMON = frozenset(
    [
        "root",
        "admin",
        "user",
        "guest",
        "postgres",
        "mysql",
        "redis",
        "mongo",
        "rabbitmq",
        "minioadmin",
        "sa",
        "oracle",
        "username",
        "login",
        "demo",
        "dev",
        "local",
        "localhost",
        "docker",
        "app",
        "web",
        "api",
        "public",
        "private",
        "value",
        "string",
        "hunter",
        "ftp",
        "pw",
        "letmein",
        "qwerty",
        "x",
        "xx",
        "xxx",
        "ok",
        "abc",
    ]
)
_TECHNICAL = frozenset(
    [
        "sha256",
        "sha384",
        "sha512",
        "base64",
        "base32",
        "oauth2",
        "python2",
        "python3",
        "utf8mb4",
        "int128",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
    ]
)
"""Words of code that hold digits."""
_DIGITS = re.compile(r"[0-9]+")
_INNER_DIGIT = re.compile(r"[A-Za-z][0-9]+[A-Za-z]")
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{4}")
_VOWEL = re.compile(r"[aeiouy]")
_SEPARATED = re.compile(r"[a-z]+(?:[-_.][a-z0-9]+)+")
_PATH = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.|!\.)[\w$]+)+!?")
"""Of an object's members, in code."""
_CODE = re.compile(
    r"[A-Za-z_$][\w$]*(?:(?:\.|->|::)[\w$]+)*(?:\(.*|\[[^\]]*\])\Z|[(\[{]|(?:true|false|null|nil|none|this|self|new)\Z",
    re.IGNORECASE | re.DOTALL,
)
_SHORTCUT = re.compile(
    r"(?:(?:ctrl|control|shift|alt|option|cmd|command|meta|super|win|mod)[+-])+\S{1,12}", re.IGNORECASE
)
"""Keys that are pressed."""
_TITLE = re.compile(r"[^\W\d_]?[^\W\d_A-Z]++(?:[ (/*:!?.…)-]++[^\W\d_]?[^\W\d_A-Z]*+)*+")
"""Words with the signs of a label, of whatever language."""
_PLAIN = frozenset("-_./: ")
_WORDY = 0.7
_CHANGEABLE = 0.5
_SHORT = 3.2
"""Characters of a piece between changes of case or to digits; words are longer."""
_SIGNS = frozenset("!@#$%^&*~+?|;")
"""What stands in secrets that were made to hold signs, and not in names."""


def is_dummy(value: str) -> bool:
    """Does a word in *value* say that it is made up, and is what stands besides it nothing that has to be kept?"""
    if _DUMMY.search(value) is None:
        return False
    rest = [part.strip("-_. ") for part in _DUMMY.split(value)]
    return _AWS_DOCS.search(value) is not None or not any(_is_made(part) for part in rest)


def _is_made(value: str) -> bool:
    digit, letter, symbol = _parts(value)
    return len(value) >= 6 and letter and (digit or symbol or not value.islower()) and is_random(value)


def is_reference(value: str) -> bool:
    """Does *value* name something, or say that it is made up?"""
    return (
        _REFERENCE.search(value) is not None
        or _NAMED.fullmatch(value) is not None
        or _SHORTCUT.fullmatch(value) is not None
        or len(set(value)) < 4
        or (value.startswith("/") and not is_random(value))
    )


def is_code(value: str) -> bool:
    """Is *value*, which stands in no string of its own, a member, a call, an element or a word of a language?"""
    return _CODE.match(value) is not None or (_PATH.fullmatch(value) is not None and not is_random(value))


def is_weak(value: str, user: str = "") -> bool:
    """Is what stands at the place of a password none that anybody has to keep?"""
    low = value.lower()
    return low in _COMMON or low == user.lower() or is_reference(value) or is_dummy(value)


def is_random(value: str) -> bool:
    """Is *value* unlike words, names and numbers?"""
    digits = len(_DIGITS.findall(value))
    if len(value) >= 16 and len(value) <= _SHORT * (digits + len(_RUN.findall(value))):
        return True
    if digits == 2 and len(value) >= 8 and value.isalnum() and _INNER_DIGIT.search(value):
        return True
    changes = sum(_class(a) != _class(b) for a, b in pairwise(value)) / len(value)
    return digits >= 3 or changes >= _CHANGEABLE or not _is_wordy(value)


def is_password(value: str, *, quoted: bool) -> bool:
    """Would a person or a tool give this out as a password? Words alone do not count, nor what is made up for an example."""
    if len(value) < 6 or is_reference(value) or is_dummy(value) or _PATTERN.search(value):
        return False
    digit, letter, symbol = _parts(value)
    if not letter:
        return False
    if not quoted and (_PATH.fullmatch(value) or not digit):
        return digit and is_random(value) and len(value) >= 8
    if digit and symbol:
        return True
    if digit:
        return len(value) >= 7 and (is_random(value) if _SEPARATED.fullmatch(value) or not quoted else True)
    return len(value) >= (8 if symbol else 10) and not (_is_wordy(value) or (symbol and _is_title(value)))


def is_token(value: str, *, quoted: bool) -> bool:
    """Is *value* something that a machine made up to be secret?"""
    if len(value) < 12 or is_reference(value) or is_dummy(value) or _COUNTED_UP.search(value):
        return False
    if _PATTERN.search(value):
        return False
    digit, letter, _ = _parts(value)
    if not letter or (not quoted and _PATH.fullmatch(value) and not is_random(value)):
        return False
    if digit:
        return is_random(value) or (quoted and not _SIGNS.isdisjoint(value))
    mixed = not value.islower() and not value.isupper()
    return len(value) >= 20 and mixed and value.isalnum() and not _is_wordy(value)


def is_distinct(value: str) -> bool:
    """Is it no accident when *value* stands elsewhere too?"""
    digit, letter, symbol = _parts(value)
    if len(value) < 6 or not letter or value.lower() in _TECHNICAL:
        return False
    return digit or symbol or not _is_wordy(value)


def _parts(value: str) -> tuple[bool, bool, bool]:
    digit = any(c.isdigit() for c in value)
    letter = any(c.isalpha() for c in value)
    return digit, letter, any(not c.isalnum() and c not in _PLAIN for c in value)


def _is_wordy(value: str) -> bool:
    runs = _RUN.findall(value)
    letters = sum(map(len, runs))
    words = sum(len(run) for run in runs if _is_word(run.lower()))
    return letters == 0 or words / letters >= _WORDY


def _is_title(value: str) -> bool:
    return _TITLE.fullmatch(value) is not None and any(
        _VOWEL.search(run.lower()) for run in _RUN.findall(value)
    )


def _is_word(run: str) -> bool:
    return len(run) >= 3 and _VOWEL.search(run) is not None and _CONSONANTS.search(run) is None


def _class(char: str) -> int:
    return 0 if char.islower() else 1 if char.isupper() else 2 if char.isdigit() else 3
