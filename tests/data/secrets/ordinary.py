"""Ordinary code that looks a little like secrets: lock files, hashes, ids, assets, forms, test data, and code about secrets."""

from __future__ import annotations

import base64
import hashlib
from random import Random
from uuid import UUID

from tests.data.secrets.server import SERVER_CODE

LINES = 5_000


def _hex(r: Random, length: int) -> str:
    return "".join(r.choices("0123456789abcdef", k=length))


def _b64(r: Random, size: int) -> str:
    return base64.b64encode(r.randbytes(size)).decode()


def _word(r: Random) -> str:
    return r.choice(
        [
            "user",
            "order",
            "cart",
            "price",
            "invoice",
            "stock",
            "shipping",
            "item",
            "report",
            "field",
            "cache",
            "queue",
            "worker",
            "batch",
            "page",
            "tree",
            "session",
            "profile",
            "message",
            "token",
            "key",
            "password",
            "secret",
            "account",
            "node",
            "parser",
            "lexer",
            "stream",
            "buffer",
            "view",
        ]
    )


def _package_lock(r: Random) -> str:
    name, version = f"{_word(r)}-{_word(r)}", f"{r.randrange(9)}.{r.randrange(20)}.{r.randrange(9)}"
    return (
        f'    "node_modules/{name}": {{\n      "version": "{version}",\n'
        f'      "resolved": "file:../vendor/{name}-{version}.tgz",\n'
        f'      "integrity": "sha512-{_b64(r, 64)}",\n      "license": "MIT"\n    }},\n'
    )


def _yarn(r: Random) -> str:
    return (
        f'"@{_word(r)}/{_word(r)}@^{r.randrange(9)}.0.0":\n  version "{r.randrange(9)}.2.1"\n'
        f'  resolved "file:./vendor/{_word(r)}.tgz#{_hex(r, 40)}"\n  integrity sha512-{_b64(r, 64)}\n'
    )


def _cargo(r: Random) -> str:
    return (
        f'[[package]]\nname = "{_word(r)}-{_word(r)}"\nversion = "0.{r.randrange(9)}.1"\n'
        f'source = "registry+https://github.com/host/index"\nchecksum = "{_hex(r, 64)}"\n\n'
    )


def _requirements(r: Random) -> str:
    return f"{_word(r)}=={r.randrange(9)}.1.{r.randrange(9)} \\\n    --hash=sha256:{_hex(r, 64)} \\\n    --hash=sha256:{_hex(r, 64)}\n"


def _go_sum(r: Random) -> str:
    return f"github.com/{_word(r)}/{_word(r)} v1.{r.randrange(20)}.0 h1:{_b64(r, 32)}\ngithub.com/{_word(r)}/{_word(r)} v1.2.0/go.mod h1:{_b64(r, 32)}\n"


def _git(r: Random) -> str:
    return f"commit {_hex(r, 40)}\nindex {_hex(r, 7)}..{_hex(r, 7)} 100644\nuses: actions/checkout@{_hex(r, 40)} # v4\nFROM python@sha256:{_hex(r, 64)}\n"


def _uuids(r: Random) -> str:
    ids = [str(UUID(int=r.getrandbits(128), version=4)) for _ in range(4)]
    return (
        f'USER_ID = "{ids[0]}"\nconst orderId = \'{ids[1]}\';\n{{"id": "{ids[2]}", "parent": "{ids[3]}"}}\n'
        f'  <ProjectGuid>{{{ids[0].upper()}}}</ProjectGuid>\nkey = UUID("{ids[1]}")\n'
    )


def _hashes(r: Random) -> str:
    digest = hashlib.sha256(r.randbytes(8)).hexdigest()
    return (
        f'EXPECTED_SHA256 = "{digest}"\nassert md5(data) == "{_hex(r, 32)}"\netag: W/"{_hex(r, 32)}"\n'
        f'"password_hash": "{_hex(r, 64)}",\ncacheKey = "{_hex(r, 32)}"\nconst build = "{_hex(r, 8)}";\n'
        f'<script src="/app.{_hex(r, 20)}.js" integrity="sha384-{_b64(r, 48)}"></script>\n'
    )


def _assets(r: Random) -> str:
    return (
        f".icon-{_word(r)} {{ background: url(data:image/png;base64,iVBORw0KGgo{_b64(r, 180)}); }}\n"
        f'const FONT = "data:font/woff2;base64,d09GMgABAAAAA{_b64(r, 240)}";\n'
        f'LOGO = b64decode(\n    "{_b64(r, 45)}"\n    "{_b64(r, 45)}"\n    "{_b64(r, 45)}"\n)\n'
        f"//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJmaWxlIjoi{_b64(r, 90)}\n"
        f"-----BEGIN CERTIFICATE-----\n{_b64(r, 48)}\n{_b64(r, 48)}\n{_b64(r, 30)}\n-----END CERTIFICATE-----\n"
        f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{_b64(r, 30)} me@host\n"
    )


def _minified(r: Random) -> str:
    names = "abcdefghijklmnopqrstuvwxyz"
    one = lambda: r.choice(names)  # noqa: E731
    body = "".join(
        f'{one()}.{_word(r)}=function({one()},{one()}){{return {one()}.key==="{_word(r)}"?{one()}.token:void {r.randrange(9)}}},'
        for _ in range(12)
    )
    return f'!function(e,t){{"use strict";var n=t(0x{_hex(r, 4)});{body}e.password="",e.token=null}}(this);\n'


def _styles(r: Random) -> str:
    return (
        f".{_word(r)} {{ color: #{_hex(r, 6)}; background: #{_hex(r, 3)}; border: 1px solid rgba(0, 0, 0, 0.2); }}\n"
        f"  --{_word(r)}-token-color: #{_hex(r, 8)};\n  --key-width: {r.randrange(99)}px;\n"
    )


def _labels(r: Random) -> str:
    return r.choice(
        [
            '  "password": "Password",\n  "passwordConfirm": "Repeat your new password",\n  "tokenExpired": "Your session has expired.",\n',
            '  "login.password.placeholder": "At least 12 characters",\n  "secret": "Keep it secret!",\n  "password": "Passwort",\n',
            '  password: "Required!",\n  passwordTooShort: "Min. 8 characters",\n  apiKey: "API key",\n',
            '<input type="password" name="password" id="password1" autocomplete="current-password">\n<label for="password">Password:</label>\n',
            'msgid "Wrong password"\nmsgstr "Falsches Passwort"\n',
        ]
    )


def _code(r: Random) -> str:
    n = r.randrange(100)
    return r.choice(
        [
            f'password = os.environ["DB_PASSWORD_{n}"]\ntoken = os.getenv("API_TOKEN")\nsecret = settings.secrets.api_v{n % 9}\n',
            "const token = req.headers.authorization?.split(' ')[1];\nconst apiKey = process.env.STRIPE_API_KEY;\n",
            f"token = self.tokens[self.index + {n}]\nif token.kind == TokenKind.IDENTIFIER2:\n    return self.next_token()\n",
            "interface Login { user: string; password: string; accessToken?: string | null }\n",
            f'def test_login(client):\n    user = User(password="test{n}")\n    client.login(username="user{n}", password="password{n}")\n',
            'class Token:\n    key: str\n    secret: bytes = field(default=b"", repr=False)\n    token_type: str = "access_token"\n',
            "password: ${{ secrets.DEPLOY_PASSWORD }}\ntoken: ${GITHUB_TOKEN}\nPOSTGRES_PASSWORD: ${POSTGRES_PASSWORD:-}\n",
            'url = "postgres://user:password@localhost:5432/test"\nDATABASE_URL=postgres://postgres:postgres@db/app\n',
            'password = data.azurerm_key_vault_secret.db_password.value\ntoken    = var.token_2\nkey_name = "prod-key-2"\n',
            'hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=12))\ntoken_urlsafe(32)\nkeys = sorted(tokens, key=len)\n',
            f"private final String passwordField = \"passwordField{n}\";\nstatic final int KEY_LENGTH = 256;\nString tokenUrl = \"https://auth.host.io/oauth2/token\";\n",
            "const SECRET_NAME = 'projects/shop/secrets/db-password/versions/1';\nexport const selectToken = (s) => s.auth.token;\n",
            "passwordRegex = /^(?=.*[A-Z])(?=.*\\d).{8,}$/;\nconst keyPath = '/etc/ssl/private/server.key';\n",
            "    'Authorization': f'Bearer {token}',\nAuthorization: Bearer <token>\ncurl -H \"Authorization: Bearer $TOKEN\"\n",
            f"for key, value in pairs.items():\n    print(f\"{{key}}={{value}}\", {n})\ntokenizer = Tokenizer(vocab_size=32000)\n",
            "func (p *Parser) next() token { return p.tokens[p.pos] }\nvar secretKeyRef = corev1.SecretKeySelector{Key: \"db-password\"}\n",
            "        secretKeyRef:\n          name: database-credentials-v2\n          key: password\n",
            'ApiKey = Configuration["Service:ApiKey"];\n[JsonPropertyName("access_token")]\npublic string AccessToken { get; set; }\n',
            f"SELECT id, password_hash, token FROM users WHERE reset_token = $1 AND id = {n};\n",
            'password="changeme"\napi_key = "your-api-key-here"\nsecret: "<your secret>"\ntoken: "xxxxxxxxxxxxxxxxxxxxxxxx"\n',
        ]
    )  # fmt: skip


def _server(r: Random) -> str:
    return r.choice(SERVER_CODE)


def _numbers(r: Random) -> str:
    rows = ", ".join(f"0x{_hex(r, 8)}" for _ in range(6))
    return f"    {rows},\n  {{ x: {r.random():.6f}, y: {r.random():.6f}, at: {r.randrange(10**9, 2 * 10**9)} }},\n192.168.{r.randrange(255)}.1 2024-0{r.randrange(1, 9)}-11T10:00:00Z\n"


_MAKERS = (
    _package_lock,
    _yarn,
    _cargo,
    _requirements,
    _go_sum,
    _git,
    _uuids,
    _hashes,
    _assets,
    _minified,
    _styles,
    _labels,
    _code,
    _code,
    _code,
    _server,
    _numbers,
)


def pieces(seed: int = 7, lines: int = LINES) -> list[str]:
    """Texts of together at least so many *lines*."""
    r = Random(f"ordinary {seed}")
    found: list[str] = []
    while lines > 0:
        for make in _MAKERS:
            found.append(make(r))
            lines -= found[-1].count("\n")
    return found
