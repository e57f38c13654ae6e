"""Files that are never sent by themselves: those whose names say that they hold secrets."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_DATA = ("json", "y*ml", "toml", "ini", "cfg", "conf", "properties", "xml", "txt", "csv", "env", "enc", "bak")
"""Endings of files that hold values. Code is named for what it does with secrets, and holds none."""

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
    ".ssh/",
    ".gnupg/",
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
    "kubeconfig",
    "*.kubeconfig",
    "wp-config.php",
    "**/.aws/credentials",
    "**/.aws/config",
    "**/.azure/*",
    "**/.config/gcloud/**",
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
    "*-adminsdk-*.json",
    "*.tfvars",
    "*.tfvars.json",
    "*.tfstate*",
    *(f"*{word}.{ending}" for word in ("secret", "secrets") for ending in _DATA),
    *(
        f"{word}.{ending}"
        for word in ("credentials", "passwords", "apikey*", "api_key*", "api-key*")
        for ending in _DATA
    ),
    *(f"**/secrets/**/*.{ending}" for ending in _DATA),
)
"""Patterns as in .gitignore, looked for anywhere, in small letters."""


def is_secret_bearing(path: str) -> bool:
    """Does the name of *path* say that it holds keys or passwords? The case of its letters does not count."""
    return matches(path.lower(), _SECRET_BEARING)


@lru_cache(maxsize=512)
def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Does *path* match *patterns*, which are as in .gitignore, relative to any folder above it?"""
    return bool(patterns) and _compiled(patterns).match_file(path.replace("\\", "/").lstrip("/"))


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)
