"""Whether a file may be sent at all: what ignores it, and which rule says so.

Four places have a say, the strongest first: names that tell of keys and passwords, `.zaiignore`, the setting
`ignore.patterns`, and `.gitignore`. One is enough. Only what the last of them says can be allowed, by a person's own
setting: the others are there to keep files back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from zai_ls.core.gitignore import Listing, excluded_by, parts_of, rules_in

if TYPE_CHECKING:
    from zai_ls.core.gitignore import Rule

Source = Literal["name", "zaiignore", "patterns", "gitignore", "unreadable"]
"""What ignores a file; `unreadable`: a list is there and cannot be read, so nobody knows."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file is not sent, and this is why."""

    path: str
    """The file that the rule names: the one that was asked about, or where a link leads."""
    source: Source
    rule: str = ""
    """As it is written."""
    place: str = ""
    """The file that the rule stands in."""
    line: int = 0
    """Where in that file, from 1."""
    why: str = ""
    """Why a list cannot be read."""
    led: bool = False
    """A link led there: another file was asked about."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A list that is there and cannot be read."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Lists:
    """What applies to the files of one folder. Lists are in the order in which they count, the strongest first."""

    ours: tuple[Listing, ...] = ()
    """Of `.zaiignore` files."""
    git: tuple[Listing, ...] = ()
    top: int = 0
    """Of how many parts the path of the folder consists that git's own begin at."""
    unreadable: Unreadable | None = None
    """Of ours."""
    git_unreadable: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person has set."""

    patterns: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


def judge(path: str, lists: Lists, wishes: Wishes, *, base: int = 0) -> Ignored | None:
    """Why the file at *path* must not be sent; None when it may.

    Settings' patterns are relative to the root of the file system, or to the folder whose path has *base* parts.
    """
    if (rule := secret_rule(path)) is not None:
        return Ignored(path, "name", rule)
    if lists.unreadable is not None:
        return Ignored(path, "unreadable", place=lists.unreadable.place, why=lists.unreadable.why)
    parts = parts_of(path)
    for listing in lists.ours:  # each by itself: a project's takes nothing back from a person's above it
        if (found := excluded_by(parts, 0, (listing,))) is not None:
            return _by(path, "zaiignore", *found)
    if (wish := _wished(parts, wishes.patterns, base)) is not None:
        return Ignored(path, "patterns", wish.text)
    if _wished(parts, wishes.allow, base) is not None:
        return None
    if lists.git_unreadable is not None:
        return Ignored(path, "unreadable", place=lists.git_unreadable.place, why=lists.git_unreadable.why)
    found = excluded_by(parts, lists.top, lists.git)
    return None if found is None else _by(path, "gitignore", *found)


def _by(path: str, source: Source, listing: Listing, rule: Rule) -> Ignored:
    return Ignored(path, source, rule.text, listing.place, rule.number)


def _wished(parts: tuple[bytes, ...], patterns: tuple[str, ...], base: int) -> Rule | None:
    """The pattern of a setting that names the file, or a folder above it."""
    if not patterns:
        return None
    for depth in dict.fromkeys((base, 0)):
        found = excluded_by(parts, depth, (_wishes(patterns, depth),))
        if found is not None:
            return found[1]
    return None


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Does *path* match *patterns*, which are as in .gitignore and relative to the folder that it begins at?"""
    if not patterns:
        return False
    return excluded_by(parts_of(path.replace("\\", "/")), 0, (_listing(patterns, 0),)) is not None


@lru_cache(maxsize=64)
def _listing(patterns: tuple[str, ...], depth: int) -> Listing:
    return Listing("", depth, rules_in("\n".join(patterns)))


@lru_cache(maxsize=64)
def _wishes(patterns: tuple[str, ...], depth: int) -> Listing:
    """Of a setting, in which nothing is taken back: a project's list is put behind a person's."""
    found = (rule for pattern in patterns for rule in rules_in(pattern.replace("\n", "")))
    return Listing("", depth, tuple(rule for rule in found if not rule.takes_back))


# -- names that tell of secrets -------------------------------------------------------------------------------

_DATA = ("json", "y*ml", "toml", "ini", "cfg", "conf", "properties", "xml", "txt", "csv", "env", "enc", "bak")
"""Endings of files that hold values. Code is named for what it does with secrets, and holds none."""

_CODE = (
    "go",
    "py",
    "rs",
    "js",
    "ts",
    "tsx",
    "java",
    "kt",
    "scala",
    "cs",
    "rb",
    "php",
    "c",
    "h",
    "cpp",
    "sh",
    "ps1",
    "md",
)

_SECRET_BEARING = (
    # environments
    ".env*",
    "!.env.d.ts",
    "!.env*.example",
    "!.env*.sample",
    "!.env*.template",
    "!.env*.dist",
    "!.env*.schema",
    "*.env",
    "!example.env",
    "!sample.env",
    "!template.env",
    ".dev.vars*",
    "local.settings.json",
    # keys
    "*.pem",
    "*.key",
    "*.p8",
    "*.p12",
    "*.pfx",
    "*.pkcs12",
    "*.ppk",
    "*.jks",
    "*.jceks",
    "*.bks",
    "*.keystore",
    "*.keytab",
    "*.kdb",
    "*.kdbx",
    "*.asc",
    "*.gpg",
    "*.agekey",
    "*.ovpn",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "!id_*.*",
    "id_*.bak",
    "id_*.old",
    "id_*.key",
    "id_*.pem",
    "ssh_host_*_key",
    # what tools keep passwords in
    ".netrc",
    "_netrc",
    ".authinfo",
    ".pgpass",
    "pgpass.conf",
    ".pg_service.conf",
    ".my.cnf",
    ".mylogin.cnf",
    ".npmrc",
    ".pypirc",
    ".htpasswd",
    ".vault_pass*",
    ".vault-token",
    ".git-credentials",
    ".dockercfg",
    ".dockerconfigjson",
    ".s3cfg",
    ".boto",
    ".databrickscfg",
    ".terraformrc",
    "terraform.rc",
    "rclone.conf",
    "kubeconfig*",
    *(f"!kubeconfig*.{ending}" for ending in _CODE),
    "*.kubeconfig",
    "wp-config.php",
    ".yarnrc.yml",
    "pip.conf",
    "auth.json",
    "token.json",
    "sftp.json",
    "nuget.config",
    "*.tfrc.json",
    "keystore.properties",
    "vault.y*ml",
    ".renviron",
    ".*_history",
    "rootkey*.csv",
    "*accesskeys.csv",
    "application_default_credentials.json",
    "**/.config/gh/hosts.yml",
    "**/.docker/config.json",
    "**/.kube/config",
    "**/.gem/credentials",
    "**/.cargo/credentials*",
    "**/.m2/settings*.xml",
    "**/.gradle/gradle.properties",
    # what is named for them
    ".secret*",
    "credentials",
    "credentials.*.enc",
    "htpasswd",
    "client_secret*.json",
    "*service-account*.json",
    "*service_account*.json",
    "*serviceaccount*.json",
    "*-adminsdk-*.json",
    "*.tfvars",
    "*.tfvars.json",
    "*.tfstate*",
    *(f"*{word}.{ending}" for word in ("secret", "secrets") for ending in _DATA),
    *(
        f"{word}.{ending}"
        for word in ("credentials", "password", "passwords", "apikey*", "api_key*", "api-key*")
        for ending in _DATA
    ),
    *(f"**/secrets/**/*.{ending}" for ending in _DATA),
)
"""Names of files, as in .gitignore, looked for anywhere, in small letters."""

_SECRET_FOLDERS = (
    ".env*/",
    ".secret*/",
    ".ssh/",
    ".gnupg/",
    ".password-store/",
    ".aws/",
    ".azure/",
    "**/.config/gcloud/",
)
"""Folders of which nothing is sent. Any other folder may be named for what the code in it does."""


_BACKUP = re.compile(r"(?:\.(?:bak|backup|old|orig|save)|~)+\Z")


@lru_cache(maxsize=1024)
def secret_rule(path: str) -> str | None:
    """The built-in pattern by which the name of *path* tells of keys or passwords; None when it does not.

    The case of letters does not count, nor what some file systems leave out of a name: blanks and dots at its end, and
    what comes behind a colon. A backup is judged by the name of what it is one of, too.
    """
    plain = path.casefold().replace("\\", "/")
    plain = "/".join(name.partition(":")[0].rstrip(". ") or name for name in plain.split("/"))
    parts = parts_of(plain)
    for end in range(1, len(parts)):
        rule = _listing(_SECRET_FOLDERS, 0).match(parts, end, is_folder=True)
        if rule is not None:
            return rule.text
    for each in dict.fromkeys((plain, _BACKUP.sub("", plain))):
        parts = parts_of(each)
        rule = _listing(_SECRET_BEARING, 0).match(parts, len(parts), is_folder=False)
        if rule is not None and not rule.takes_back:
            return rule.text
    return None
