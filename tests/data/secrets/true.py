"""True secrets: of every kind, as they stand in code of many languages."""

from __future__ import annotations

import base64
import string
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ALNUM = string.ascii_letters + string.digits
_URL = _ALNUM + "-_"


@dataclass(frozen=True)
class Case:
    """A secret in its code."""

    kind: str
    language: str
    text: str
    secret: str
    """What must not leave."""

    def leaks(self, text: str) -> bool:
        """Does *text* hold all of the secret, or a piece of what is not the same in all secrets of its kind?"""
        own = self.secret[20 if len(self.secret) > 60 else 0 :]
        pieces = {own[at : at + 13] for at in range(len(own) - 12)}
        return self.secret in text or any(piece in text for piece in pieces)

    def __str__(self) -> str:
        return f"{self.kind} in {self.language}"


def of(r: Random, letters: str, length: int) -> str:
    """Random, with a digit, a small and a capital letter where *letters* has them, as nearly all long ones have."""
    while True:
        text = "".join(r.choices(letters, k=length))
        if all(set(text) & set(need) for need in (string.digits, letters.strip(string.digits)[:10])):
            return text


def _b64(r: Random, size: int) -> str:
    return base64.b64encode(r.randbytes(size)).decode()


def _jwt(r: Random) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(f'{{"sub":"{r.randrange(10**9)}","iat":1516239022}}'.encode()).decode()
    return f"{head}.{body.rstrip('=')}.{of(r, _URL, 43)}"


TOKENS: dict[str, list[Callable[[Random], str]]] = {
    "aws": [
        lambda r: "AKIA" + of(r, string.ascii_uppercase + "234567", 16),
        lambda r: "ASIA" + of(r, string.ascii_uppercase + "234567", 16),
    ],
    "google": [
        lambda r: "AIza" + of(r, _URL, 35),
        lambda r: "GOCSPX-" + of(r, _URL, 28),
    ],
    "github": [
        lambda r: "ghp_" + of(r, _ALNUM, 36),
        lambda r: "ghs_" + of(r, _ALNUM, 36),
        lambda r: "github_pat_" + of(r, _ALNUM, 22) + "_" + of(r, _ALNUM, 59),
    ],
    "gitlab": [lambda r: "glpat-" + of(r, _URL, 20), lambda r: "gldt-" + of(r, _URL, 20)],
    "slack": [
        lambda r: f"xoxb-{r.randrange(10**11, 10**12)}-{r.randrange(10**12, 10**13)}-{of(r, _ALNUM, 24)}",
        lambda r: (
            f"xoxp-{r.randrange(10**11, 10**12)}-{r.randrange(10**11, 10**12)}-{of(r, string.hexdigits[:16], 32)}"
        ),
    ],
    "stripe": [lambda r: "sk_live_" + of(r, _ALNUM, 24), lambda r: "rk_live_" + of(r, _ALNUM, 99)],
    "npm": [lambda r: "npm_" + of(r, _ALNUM, 36)],
    "pypi": [lambda r: "pypi-AgEIcHlwaS5vcmc" + of(r, _URL, 120)],
    "openai": [
        lambda r: "sk-" + of(r, _ALNUM, 20) + "T3BlbkFJ" + of(r, _ALNUM, 20),
        lambda r: "sk-proj-" + of(r, _URL, 74) + "T3BlbkFJ" + of(r, _URL, 74),
    ],
    "anthropic": [lambda r: "sk-ant-api03-" + of(r, _URL, 93) + "AA"],
    "zai": [lambda r: of(r, "0123456789abcdef", 32) + "." + of(r, _ALNUM, 16)],
    "jwt": [_jwt],
}
"""Known by their own form, so whatever they are called."""

_STRINGS = {
    "python": 'value = call("{}", retries=3)\n',
    "javascript": "const client = connect('{}');\n",
    "typescript": "const client: Client = await open(`{}`);\n",
    "go": 'client := api.New("{}", 30*time.Second)\n',
    "java": 'Client client = Client.of("{}");\n',
    "csharp": '[Collection("{}")]\npublic class Jobs {{ }}\n',
    "ruby": "client = Api.new('{}')\n",
    "php": "$client = new Client('{}');\n",
    "rust": 'let client = Client::new("{}".into());\n',
    "shellscript": "curl -H 'X-Thing: {}' https://api.host.io/v1\n",
    "yaml": "jobs:\n  build:\n    with: {}\n",
    "json": '{{"first": 1, "with": "{}"}}\n',
    "kotlin": 'val client = Client("{}")\n',
    "c": 'static const char *who = "line\\n{}";\n',
}

PASSWORDS: list[Callable[[Random], str]] = [
    lambda r: of(r, _ALNUM, 12),
    lambda r: r.choice(["Winter", "Berlin", "Panda", "Falcon"]) + str(r.randrange(10, 9999)) + "!",
    lambda r: of(r, _ALNUM + "!@#%^&*", 16) + "7a",
    lambda r: r.choice(["tr0ub4dor", "c0rrect", "m0unta1n"]) + "&" + str(r.randrange(10)),
    lambda r: of(r, string.ascii_lowercase + string.digits, 20),
]
_PASSWORD_FORMS = {
    "python": ['password = "{}"\n', 'DB_PASSWORD: str = "{}"\n', 'connect(user="app", passwd="{}")\n', 'os.environ["PGPASSWORD"] = "{}"\n', 'd = {{"user": "a", "password": "{}"}}\n', 'password = os.environ.get("DB_PASSWORD", "{}")\n', 'if password == "{}":\n    pass\n'],
    "javascript": ["const password = '{}';\n", "const config = {{ user: 'app', password: '{}' }};\n", "process.env.DB_PASS = '{}';\n"],
    "typescript": ['private readonly dbPassword: string = "{}";\n', 'password: "{}",\n'],
    "go": ['password := "{}"\n', 'const dbPassword = "{}"\n', 'var smtpPassword string = "{}"\n', 'cfg := Config{{Password: "{}"}}\n'],
    "java": ['private static final String PASSWORD = "{}";\n', 'source.setPassword("{}");\n', '@Value("x") String password = "{}";\n'],
    "csharp": ['var password = "{}";\n', '[Login(User = "app", Password = "{}")]\n', 'public string DbPassword {{ get; }} = "x"; // Password = "{}"\n', 'Password = @"{}";\n'],
    "ruby": ["password: '{}'\n", ":password => '{}'\n", "ENV['DB_PASSWORD'] ||= '{}'\n"],
    "php": ["$password = '{}';\n", "'password' => '{}',\n", "define('DB_PASSWORD', '{}');\n", "$config['db']['password'] = '{}';\n"],
    "rust": ['const DB_PASSWORD: &str = "{}";\n', 'let password = String::from("{}");\n', 'password: "{}".to_string(),\n'],
    "shellscript": ["export DB_PASSWORD={}\n", 'PGPASSWORD="{}" psql\n', "mysql --user=app --password={} db\n"],
    "yaml": ["db:\n  password: {}\n", 'password: "{}"\n', "- name: DB_PASSWORD\n  password: '{}'\n"],
    "json": ['{{"password": "{}"}}\n', '"body": "{{\\"password\\": \\"{}\\"}}"\n'],
    "toml": ['password = "{}"\n'],
    "properties": ["spring.datasource.password={}\n", "db.password = {}\n"],
    "xml": ["<password>{}</password>\n", '<add key="DbPassword" value="{}" />\n', '<user name="a" password="{}"/>\n'],
    "kotlin": ['val password = "{}"\n'],
    "dockerfile": ["ENV DB_PASSWORD={}\n", "ENV DB_PASSWORD {}\n"],
    "sql": ["ALTER ROLE app PASSWORD '{}';\n", "CREATE USER app WITH PASSWORD = '{}';\n"],
    "swift": ['let password: String = "{}"\n'],
    "c": ['#define WIFI_PASSWORD "{}"\n', 'const char* password = "{}";\n'],
}  # fmt: skip
_UNQUOTED = {"yaml", "shellscript", "properties", "dockerfile"}

SECRETS: list[Callable[[Random], str]] = [
    lambda r: of(r, "0123456789abcdef", 32),
    lambda r: of(r, _ALNUM, 40),
    lambda r: of(r, _ALNUM, 24),
    lambda r: _b64(r, 32).rstrip("="),
    lambda r: "-".join(of(r, "0123456789abcdef", n) for n in (8, 4, 4, 4, 12)),
]
_SECRET_FORMS = {
    "python": ['API_KEY = "{}"\n', 'SECRET_KEY = "{}"\n', 'client = Api(token="{}")\n', 'client_secret: Final = SecretStr("{}")\n', 'headers = {{"X-Api-Key": "{}"}}\n', 'access_token = (\n    "{}"\n)\n'],
    "javascript": ["const apiKey = '{}';\n", "module.exports = {{ clientSecret: '{}' }};\n", "localStorage.setItem('authToken', '{}');\n"],
    "typescript": ['apiToken: string = "{}";\n', 'const secret: string = "{}";\n'],
    "go": ['apiKey := "{}"\n', 'ClientSecret: "{}",\n', 'req.Header.Set("X-Auth-Token", "{}")\n'],
    "java": ['String accessToken = "{}";\n', '.signingKey("{}")\n'],
    "csharp": ['[ApiKey("{}")]\n', 'options.ClientSecret = "{}";\n'],
    "ruby": ["config.secret_key_base = '{}'\n", "api_key: '{}'\n"],
    "php": ["'api_key' => '{}',\n", "const API_SECRET = '{}';\n"],
    "rust": ['let api_key = "{}";\n', 'static ENCRYPTION_KEY: &str = "{}";\n'],
    "shellscript": ["API_TOKEN={}\n", "tool --token {} run\n", "tool --api-key={}\n"],
    "yaml": ["api_key: {}\n", "  client-secret: '{}'\n"],
    "json": ['"clientSecret": "{}"\n', '{{"auths": {{"host": {{"auth": "{}"}}}}}}\n'],
    "properties": ["app.secret={}\n", "//registry.host.io/:_authToken={}\n"],
    "xml": ["<apiKey>{}</apiKey>\n", '<add key="StorageAccountKey" value="{}"/>\n'],
    "kotlin": ['const val API_KEY = "{}"\n'],
    "dockerfile": ["ARG API_TOKEN={}\n"],
    "swift": ['static let apiKey = "{}"\n'],
}  # fmt: skip

_HEADERS = {
    "python": 'headers = {{"Authorization": "Bearer {}"}}\n',
    "javascript": "headers: {{ Authorization: `Bearer {}` }},\n",
    "go": 'req.Header.Set("Authorization", "Bearer {}")\n',
    "java": '.header("Authorization", "Basic {}")\n',
    "csharp": 'new AuthenticationHeaderValue("Bearer", "{}"); // Authorization: Bearer {}\n',
    "ruby": "req['Authorization'] = 'Token {}'\n",
    "php": "CURLOPT_HTTPHEADER => ['Authorization: Bearer {}'],\n",
    "rust": '.header("authorization", "Bearer {}")\n',
    "shellscript": "curl -H 'Authorization: Bearer {}' https://api.host.io\n",
    "yaml": "Authorization: Bearer {}\n",
    "http": "GET / HTTP/1.1\nAuthorization: Basic {}\n",
}

_ADDRESSES = [
    "postgres://app:{}@db.host.io:5432/shop",
    "mongodb+srv://app:{}@cluster0.ab1cd.mongodb.net/?retryWrites=true",
    "https://deploy:{}@git.host.io/team/repo.git",
    "redis://:{}@cache.host.io:6379/0",
    "amqp://svc:{}@mq.host.io/vhost",
    "mysql://root:{}@10.0.0.5/app",
]
_CONNECTIONS = [
    "Server=tcp:db.host.io,1433;Database=shop;User Id=app;Password={};Encrypt=true",
    "Data Source=db;Initial Catalog=shop;Uid=app;Pwd={}",
    "Host=db;Username=app;Password={};Port=5432",
    "jdbc:mysql://db.host.io/shop?user=app&password={}",
]


def _private_key(r: Random) -> tuple[str, list[str]]:
    body = "MII" + _b64(r, 810)
    rows = [body[at : at + 64] for at in range(0, len(body), 64)]
    name = r.choice(["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"])
    return name, rows


def _key_forms(name: str, rows: list[str]) -> Iterator[tuple[str, str, str]]:
    begin, end = f"-----BEGIN {name}-----", f"-----END {name}-----"
    whole = "\n".join((begin, *rows, end))
    flat = "\\n".join((begin, *rows, end))
    yield "python", f'KEY = """{whole}"""\nx = 1\n', "\n".join(rows)
    yield "javascript", f"const key = `{whole}`;\n", "\n".join(rows)
    yield "json", f'{{"type": "service_account", "private_key": "{flat}\\n", "id": 1}}\n', "\\n".join(rows)
    glue = '\\n" +\n    "'
    yield "java", f'String key = "{glue.join((begin, *rows, end))}";\nint x;\n', glue.join(rows)
    yield "csharp", f'var key = @"{whole}";\n', "\n".join(rows)
    glue = '\\n"\n    b"'
    yield "python", f'KEY = (\n    b"{glue.join((begin, *rows, end))}"\n)\n', glue.join(rows)
    yield "go", f"const key = `{whole}`\n", "\n".join(rows)
    yield "ruby", f"KEY = <<~PEM\n{whole}\nPEM\n", "\n".join(rows)
    yield "php", f"$key = '{whole}';\n", "\n".join(rows)
    yield "rust", f'const KEY: &str = "{flat}";\n', "\\n".join(rows)
    indented = "\n".join(f"    {row}" for row in (begin, *rows, end))
    yield "yaml", f"tls:\n  key: |\n{indented}\nnext: 1\n", "\n    ".join(rows)
    yield "shellscript", f"cat > k <<EOF\n{whole}\nEOF\n", "\n".join(rows)
    glue = '\\n"\n  "'
    yield "c", f'const char *key = "{glue.join((begin, *rows, end))}";\n', glue.join(rows)


def cases(seed: int = 7) -> list[Case]:
    """All of them; another *seed* gives other secrets in the same code."""
    r = Random(seed)
    found = []
    for kind, makers in TOKENS.items():
        for make in makers:
            for language, form in _STRINGS.items():
                secret = make(r)
                found.append(Case(kind, language, form.format(secret), secret))
    for kind, forms, makers in (("password", _PASSWORD_FORMS, PASSWORDS), ("token", _SECRET_FORMS, SECRETS)):
        for language, templates in forms.items():
            for template in templates:
                for make in makers:
                    secret = make(r)
                    if language in _UNQUOTED:
                        secret = secret.replace("#", "x").replace("&", "y")
                    if language == "xml":
                        secret = secret.replace("&", "y")
                    found.append(Case(kind, language, template.format(secret), secret))
    for language, template in _HEADERS.items():
        secrets = (of(r, _ALNUM, 32), _b64(r, 24).rstrip("="))
        found += [Case("header", language, template.format(secret, secret), secret) for secret in secrets]
    for language, form in _STRINGS.items():
        for kind, templates in (("address", _ADDRESSES), ("connection", _CONNECTIONS)):
            for template in templates:
                secret = r.choice(PASSWORDS)(r).translate(str.maketrans("#&%;@!^*", "aybcdefg"))
                found.append(Case(kind, language, form.format(template.format(secret)), secret))
        secret = base64.b64encode(r.randbytes(64)).decode()
        azure = f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={secret};EndpointSuffix=core.windows.net"
        found.append(Case("connection", language, form.format(azure), secret))
        secret = of(r, _ALNUM, 40) + "%3D"
        signed = f"https://shop.blob.core.windows.net/a?sv=2022-11-02&se=2030-01-01&sr=b&sp=r&sig={secret}"
        found.append(Case("azure", language, form.format(signed), secret))
        secret = f"T{of(r, string.ascii_uppercase + '123', 10)}/B{of(r, string.ascii_uppercase + '123', 10)}/{of(r, _ALNUM, 24)}"
        found.append(
            Case("slack", language, form.format(f"https://hooks.slack.com/services/{secret}"), secret)
        )
        secret = of(r, _ALNUM + "/+", 40)
        id_ = TOKENS["aws"][0](r)
        found.append(Case("aws secret", language, form.format(f"{id_} {secret}"), secret))
    for language, template in _SECRET_FORMS.items():
        secret = of(r, _ALNUM + "/+", 40)
        text = template[0].format(secret)
        for name in (
            "API_KEY",
            "apiKey",
            "api_key",
            "API_TOKEN",
            "accessToken",
            "apiToken",
            "app.secret",
            "ApiKey",
        ):
            text = text.replace(name, "aws_secret_access_key")
        found.append(Case("aws secret", language, text, secret))
    for _ in range(2):
        for language, text, secret in _key_forms(*_private_key(r)):
            found.append(Case("private_key", language, text, secret))
    return found
