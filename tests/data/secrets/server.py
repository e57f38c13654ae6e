"""Code of servers, where names of secrets stand next to `host = …; port = …;` and nothing is one."""

SERVER_CODE = (
    r"""const host = process.env.HOST; const port = 8080;
host = options.host; port = options.port; username = prompt('user'); password = readPassword(prompt);
const token = req.headers.authorization; username = token.name; endpoint = routes.login;
server = http.createServer(app); augmentsSyntaxTokens = true; uid = user.id; accessKey = "Ctrl+Shift+K1";
function connect(e){host=e.host;port=e.port;username=e.user;password=e.password;token=e.auth.token;return host}
var a="x";host=e.h;password=e.pw;token=f(e);b="y";server=listen(1);apiKey=keys[0];secret=!0;
query = cond ? password : token; password=check?password:secret; if(a&&password=next(b)){server=1}
translations = {
  "host": "Server", "username": "Gebruikersnaam(verplicht)", "password": "Wachtwoord(verplicht)", "token": "Toegangssleutel"
};
""",
    r"""username = request.getParameter("u"); host = config.host();
this.host = options.host; this.port = options.port; this.apiKey = options.apiKey; this.password = options.password;
String username = login.name; String password = encoder.encode(raw); endpoint = base.resolve("/v1");
for (Token t = first; t; token = token.next) { server = t.server; uid = t.uid; }
host=in.host;port=in.port;password=in.nextLine();secretKey=KeyGenerator.getInstance("AES").generateKey();
""",
    r"""<?php
$host = 'db'; $port = 3306; $username = $argv[1]; $token = bin2hex(random_bytes(16)); $password = $_POST['password'];
$host=$c['host'];$username=$c['user'];$password=$c['password'];$secret=base64_encode(openssl_random_pseudo_bytes(32));
""",
    r"""  tok->token = TOKEN_STRING; server = s->server; host = h; port = ntohs(a.sin_port);
  host=h;port=p;tok->token=TOKEN_STRING;cfg->password=strdup(argv[2]);uid = getuid(); secret_key = keys[KEY_MAIN];
  for (Token t = first; t; token = token.next) { host = t->host; port = t->port; }
""",
    r"""	host = cfg.Host; port = cfg.Port; username = cfg.User; password = os.Getenv(name); token = issuer.Sign(claims);
	server = &http.Server{Addr: addr}; endpoint = u.String(); apiKey = r.Header.Get(headerName); secret=loadSecret(path);port=1
""",
)
