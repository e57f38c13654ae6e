"""The page's server: on loopback, behind an address that nobody can guess, until Ctrl-C."""

from __future__ import annotations

import contextlib
import secrets
import socket
from typing import TYPE_CHECKING

from zai_ls.cli.account import work_with_app
from zai_ls.cli.exits import BadUse, Exit
from zai_ls.messages import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from zai_ls.cli.wiring import App
    from zai_ls.domain import Account

HOST = "127.0.0.1"
_HEADERS = {
    # Nothing from elsewhere, nothing inline, in no frame; the address holds the token, so it is told to nobody.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_OWN_SITES = frozenset({"same-origin", "none"})
"""What a browser says of a request that this page made, or of an address that a person typed."""
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}


def serve(args: argparse.Namespace, port: int) -> int:
    """Serve the page on *port* (0: a free one), print its address, and go on until Ctrl-C."""
    if not 0 <= port <= 65_535:
        raise BadUse(say("page.bad_port", port=port))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # whoever reads the address may come at once
    except OSError as error:
        listener.close()
        raise BadUse(say("page.port_taken", port=port, why=error.strerror or str(error))) from None
    token = secrets.token_urlsafe(24)

    async def go(app: App, account: Account) -> None:
        import uvicorn

        address = f"http://{HOST}:{listener.getsockname()[1]}/{token}/"
        print(say("page.serving", address=address), flush=True)
        config = uvicorn.Config(
            page_app(app, account, token), log_level="warning", lifespan="off", access_log=False
        )
        app.gauge.watch()
        await uvicorn.Server(config).serve(sockets=[listener])

    with contextlib.suppress(KeyboardInterrupt):
        work_with_app(args, go)
    return Exit.DONE


def page_app(app: App, account: Account, token: str) -> Starlette:
    """The routes below */token/*; everything else is not found, and another host's name or another site's page is refused."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    from zai_ls.cli.page.parts import STATIC, fresh_data, words

    files = frozenset(path.name for path in STATIC.iterdir() if path.suffix in _TYPES)

    def guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            given = str(request.path_params["token"])
            if _is_from_elsewhere(request):
                return Response(say("page.elsewhere"), 403, _HEADERS, "text/plain")
            if not secrets.compare_digest(given.encode(), token.encode()):
                return Response(status_code=404, headers=_HEADERS)
            return await answer(request)

        return endpoint

    async def file(request: Request) -> Response:
        name = str(request.path_params.get("name") or "index.html")
        if name not in files:
            return Response(status_code=404, headers=_HEADERS)
        path = STATIC / name
        return Response(path.read_bytes(), media_type=_TYPES.get(path.suffix, "text/plain"), headers=_HEADERS)

    async def data(_: Request) -> Response:
        return JSONResponse(await fresh_data(app, account), headers=_HEADERS)

    async def named(_: Request) -> Response:
        return JSONResponse(words(), headers=_HEADERS)

    return Starlette(
        routes=[
            Route("/{token}/data.json", guarded(data)),
            Route("/{token}/words.json", guarded(named)),
            Route("/{token}/", guarded(file)),
            Route("/{token}/{name}", guarded(file)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"], www_redirect=False)],
    )


def _is_from_elsewhere(request: Request) -> bool:
    """Was it a page of another site that made the browser ask? Whoever knows the token is not refused for its lack alone."""
    site = request.headers.get("sec-fetch-site", "none").lower()
    own = {f"http://{request.headers.get('host', '')}".lower()}
    return site not in _OWN_SITES or not own.issuperset(o.lower() for o in request.headers.getlist("origin"))
