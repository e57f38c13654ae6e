"""Secrets that are known by their own form: one row for each.

A row's pattern is tried only where one of its hints stands, so a text without them costs one search for each hint.
Every repetition is possessive or bounded: no text makes a pattern go back over what it has read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Alphabet = Literal["alnum", "hex", "upper"]
"""Of what a placeholder's random part is made."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One form of secret."""

    name: str
    """Its words for a person are `secret.<name>`."""
    hints: tuple[str, ...]
    """What a match begins with; case counts."""
    pattern: re.Pattern[str]
    """All of the match is secret, or its group `secret`; its group `head` says what it is and stays as it is."""
    alphabet: Alphabet = "alnum"
    form: tuple[str | int, ...] = ()
    """What a placeholder is made of: text as it is, and counts of random characters; empty: the head and as many as there were."""
    anywhere: bool = False
    """The hint says enough by itself; else no letter or digit may stand before it."""
    near: re.Pattern[str] | None = None
    """What must stand close by."""


def _kind(
    name: str,
    hints: str,
    pattern: str,
    alphabet: Alphabet = "alnum",
    form: tuple[str | int, ...] = (),
    *,
    anywhere: bool = False,
    near: str = "",
) -> Kind:
    return Kind(
        name,
        tuple(hints.split()),
        re.compile(pattern),
        alphabet,
        form,
        anywhere,
        re.compile(near) if near else None,
    )


# The lower bounds are below what the services give out, so that a token which was cut off is one still.
KINDS = (
    _kind(
        "aws",
        "AKIA ASIA ABIA ACCA",
        r"(?P<head>A[KSBC][IC]A)(?![A-Z0-9]{9}EXAMPLE)[A-Z0-9]{12,16}+(?![A-Za-z0-9])",
        "upper",
    ),
    _kind("google", "AIza", r"(?P<head>AIza)[\w-]{24,35}+", anywhere=True),
    _kind("google", "GOCSPX-", r"(?P<head>GOCSPX-)[\w-]{16,40}+", anywhere=True),
    _kind("google", "ya29.", r"(?P<head>ya29\.)[\w-]{20,400}+"),
    _kind(
        "azure",
        "sig=",
        r"sig=(?P<secret>[A-Za-z0-9%+/=_-]{20,120}+)",
        near=r"\b(?:sv|se|sp|sr)=",
    ),
    _kind("github", "ghp_ gho_ ghu_ ghs_ ghr_", r"(?P<head>gh[pousr]_)[A-Za-z0-9]{16,255}+", anywhere=True),
    _kind("github", "github_pat_", r"(?P<head>github_pat_)\w{16,255}+", anywhere=True),
    _kind(
        "gitlab",
        "glpat- gldt- glrt- glptt- glcbt- glsoat- glft- glagent- gloas-",
        r"(?P<head>gl[a-z]{2,5}-)[\w.-]{16,120}+",
        anywhere=True,
    ),
    _kind("slack", "xox", r"(?P<head>xox[abeoprs](?:\.xox[bp])?-)[A-Za-z0-9-]{10,250}+"),
    _kind("slack", "xapp-", r"(?P<head>xapp-)[A-Za-z0-9-]{10,250}+"),
    _kind(
        "slack",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>T\w{6,14}+/\w{6,14}+/\w{12,40}+)",
        form=("T", 10, "/B", 10, "/", 24),
        anywhere=True,
    ),
    _kind(
        "stripe",
        "sk_live_ sk_test_ rk_live_ rk_test_",
        r"(?P<head>[sr]k_(?:live|test)_)[A-Za-z0-9]{10,250}+",
    ),
    _kind("stripe", "whsec_", r"(?P<head>whsec_)[A-Za-z0-9+/]{16,100}+={0,2}"),
    _kind("npm", "npm_", r"(?P<head>npm_)[A-Za-z0-9]{30,40}+(?![A-Za-z0-9_])"),
    _kind(
        "pypi",
        "pypi-AgE",
        r"(?P<head>pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)?)[\w-]{24,400}+",
        anywhere=True,
    ),
    _kind("anthropic", "sk-ant-", r"(?P<head>sk-ant-(?:[a-z]{3,8}\d\d-)?)[\w-]{20,200}+"),
    _kind("openai", "sk-proj- sk-svcacct- sk-admin-", r"(?P<head>sk-[a-z]{4,8}-)[\w-]{20,250}+"),
    _kind("openai", "sk-", r"(?P<head>sk-(?:or-v1-)?)(?=[A-Za-z]{0,99}+[0-9])[A-Za-z0-9]{20,100}+(?![\w-])"),
    _kind(
        "jwt",
        "eyJ",
        r"(?P<head>eyJ)[\w-]{8,2000}+\.(?:eyJ)?[\w-]{8,8000}+(?:\.[\w-]{0,2000}+){0,3}+",
        form=("eyJ", 15, ".eyJ", 20, ".", 24),
    ),
    _kind("service", "SG.", r"(?P<head>SG\.)[\w-]{16,24}+\.[\w-]{30,50}+", form=("SG.", 22, ".", 43)),
    _kind("service", "hf_ dop_v1_ gsk_ dckr_pat_", r"(?P<head>hf_|dop_v1_|gsk_|dckr_pat_)\w{26,80}+"),
    _kind(
        "service", "shpat_ shpss_ shpca_ lin_api_", r"(?P<head>shp[a-z]{2,3}_|lin_api_)[A-Za-z0-9]{30,50}+"
    ),
    _kind("service", "AGE-SECRET-KEY-1", r"(?P<head>AGE-SECRET-KEY-1)[A-Z0-9]{40,60}+", "upper"),
)

ZAI_KEY = re.compile(r"(?:[0-9a-f]{32}|[0-9A-F]{32})\.[A-Za-z0-9]{16}(?![A-Za-z0-9])")
"""Keys of Z.ai and Zhipu; they have no head to search for."""
ZAI_FORM: tuple[str | int, ...] = (32, ".", 16)
AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
"""Only close to an AWS key's id: by itself it could be anything."""
