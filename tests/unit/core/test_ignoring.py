"""Files whose names say that they hold secrets, and those whose names only sound like it."""

from __future__ import annotations

import pytest

from zai_ls.core.ignoring import matches, secret_rule

SECRET = """
.env .env.local .env.production .env-staging .envrc .ENV prod.env .envs/.production/.postgres .dev.vars local.settings.json
server.pem server.PEM tls.key config/master.key AuthKey_AB12.p8 cert.p12 cert.pfx putty.ppk store.jks release.keystore
krb5.keytab vault.kdbx key.asc key.gpg backup.agekey office.ovpn
id_rsa id_rsa_work id_ed25519 id_ed25519_sk id_ecdsa.old id_rsa.bak ID_RSA ssh_host_rsa_key home/me/.ssh/config .gnupg/trustdb.gpg
.netrc _netrc .authinfo .pgpass pgpass.conf .my.cnf .npmrc .pypirc .htpasswd .vault_pass .vault_pass.txt .git-credentials
.dockercfg .s3cfg .boto .terraformrc rclone.conf kubeconfig dev.kubeconfig wp-config.php
home/me/.aws/credentials .aws/config .azure/accessTokens.json .config/gcloud/application_default_credentials.json
.config/gh/hosts.yml .docker/config.json .kube/config .cargo/credentials.toml .m2/settings.xml .gradle/gradle.properties
secrets.yaml secrets.yml app-secrets.yaml db-secret.yaml k8s/secret.yml secrets.toml .streamlit/secrets.toml secrets.json
my-secrets.json secrets.ini secrets.properties .secrets .secrets.baseline secrets/prod.yaml secrets/db/password.txt
credentials credentials.json credentials.yml credentials.yml.enc passwords.txt passwords.csv apikey.txt api_keys.json
client_secret.json client_secret_123.apps.googleusercontent.com.json client_secrets.json service-account.json
my-service-account-dev.json service_account.json shop-firebase-adminsdk-x1.json
prod.tfvars prod.auto.tfvars prod.tfvars.json terraform.tfstate terraform.tfstate.backup
C:\\Users\\me\\.ssh\\id_rsa .azure/cli/token.bin .password-store/mail.txt
.aws/cli/cache/a1.json .aws/sso/cache/b2.json .azure/config .config/gcloud/configurations/config_default
application_default_credentials.json rootkey.csv accessKeys.csv me_accessKeys.csv serviceAccountKey.json serviceAccountKey-dev.json
serviceAccount.json serviceAccountProd.json .yarnrc.yml pip.conf auth.json nuget.config NuGet.Config credentials.tfrc.json
kubeconfig.yaml kubeconfig-prod kubeconfig.prod keystore.properties password.txt token.json vault.yml vault.yaml .Renviron sftp.json
.vscode/sftp.json .bash_history .zsh_history .psql_history .python_history
server.pem.bak server.key.old tls.key~ .npmrc.orig .netrc.save .pgpass.bak.old pip.conf~ prod.tfvars.bak terraform.tfvars.orig
.docker/config.json.bak secrets/db/a.yml.orig credentials.bak .git-credentials~ store.jks.bak.
.env. .env::$DATA .eNv .\u017fsh/config ID_RSA. C:/app/.ENV
"""

ORDINARY = """
keyboard.py monkey.py keys.py key.ts hotkeys.json keymap.json environment.ts environment.prod.ts env.py env.d.ts .env.d.ts
.env.example .env.sample .env.template .env.production.example .env.local.template example.env environment.yml
secrets.py secret.go test_secrets.py secrets_test.py secrets_manager.ts secrets.rs SecretStore.java secret_service.rb
src/secrets/manager.py src/secrets/index.ts docs/secrets.md
credentials.py credentials_test.go passwords.py password_reset.html api_key.py apikeys.ts token.py tokens.json tokenizer.json
id_rsa.pub id_ed25519.pub id_rsa_parser.py id_rsa.go id_generator.py identity.json
pem.py pem_test.go README.md config.json settings.xml gradle.properties hosts.yml aws/config.py docker/config.json
main.tf variables.tf terraform.lock.hcl package.json tsconfig.json pyproject.toml docker-compose.yml
kubeconfig_test.go kubeconfig.md token.ts auth.py auth.ts vault.go sftp.py pip.py history.py bash_history.py
secrets.py.bak main.py~ config.json.orig README.md.save aws/lib.py azure/main.tf config/gcloud/main.py
keystore.py kubeconfig.go netrc.py npmrc.ts htpasswd.py service_account.py client_secret.py
credentials/tls.go kubeconfig/loader.go htpasswd/file.go server.key/README.md
"""


@pytest.mark.parametrize("path", SECRET.split())
def test_a_name_that_says_so_is_never_sent(path):
    """In any folder, in any case of letters."""
    assert secret_rule(path)
    assert secret_rule(f"/home/me/project/{path}")
    assert secret_rule(path.upper())


@pytest.mark.parametrize("path", ORDINARY.split())
def test_a_name_that_only_sounds_like_it_is_ordinary(path):
    """Code is named for what it does with secrets; examples and public keys hold none."""
    assert secret_rule(path) is None
    assert secret_rule(f"/home/me/project/{path}") is None


@pytest.mark.parametrize(
    ("path", "patterns", "expected"),
    [
        ("src/a.min.js", ("*.min.js",), True),
        ("src/a.js", ("*.min.js",), False),
        ("vendor/x/a.js", ("vendor/",), True),
        ("src/a.py", ("src/**", "!src/a.py"), False),
        ("src\\a.py", ("src/*.py",), True),
        ("a.py", (), False),
        ("A.py", ("a.py",), False),
    ],
)
def test_patterns_mean_what_they_mean_to_git(path, patterns, expected):
    """Folders, wildcards, exceptions and the case of letters."""
    assert matches(path, patterns) is expected
