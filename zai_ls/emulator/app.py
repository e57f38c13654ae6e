"""The routes: those of the service, and those by which the emulator itself is asked and told."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from zai_ls.emulator.chat import ChatRoute
from zai_ls.emulator.refusals import Refusal, in_band, language_of
from zai_ls.emulator.script import HEADER, BadScript, Fault, read_rules
from zai_ls.emulator.wire import headers_of, key_of
from zai_ls.glm.anthropic_server import AnthropicServer
from zai_ls.glm.openai_server import OpenAIServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from zai_ls.emulator.service import Service


def build_app(service: Service) -> Starlette:
    """The ASGI application over *service*."""
    return Starlette(
        routes=[
            _chat(service, "/api/paas/v4/chat/completions", "paas", OpenAIServer()),
            _chat(service, "/api/coding/paas/v4/chat/completions", "coding", OpenAIServer()),
            _chat(service, "/api/anthropic/v1/messages", "anthropic", AnthropicServer()),
            Route("/api/paas/v4/models", _models(service, "paas")),
            Route("/api/coding/paas/v4/models", _models(service, "coding")),
            Route("/api/monitor/usage/quota/limit", _console(service, "quota", _quota_body)),
            Route(
                "/api/biz/account/query-customer-account-report", _console(service, "balance", _balance_body)
            ),
            Route("/emulator/record", _record(service)),
            Route("/emulator/script", _script(service), methods=["POST"]),
            Route("/emulator/turn", _turn(service), methods=["POST"]),
        ]
    )


def _chat(service: Service, path: str, route: str, dialect: OpenAIServer | AnthropicServer) -> Route:
    return Route(path, ChatRoute(service, route, dialect), methods=["POST"])


def _models(service: Service, route: str) -> Callable[[Request], Awaitable[Response]]:
    async def models(request: Request) -> Response:
        """`GET …/models`: OpenAI's shape."""
        headers = headers_of(request.scope)
        key = key_of(headers)
        served = service.record.note(key, f"{route}-models")
        refused = service.knock(route, key)
        if refused is None:
            body, served.status = _dumps(service.models_json(key)), 200
        else:
            language = language_of(headers.get("accept-language", ""), service.config.language)
            body = refused.body(OpenAIServer(), language, service.now())
            served.status, served.code = refused.status, refused.code
        service.record.end(served, key, "refused" if refused else "complete")
        return _json(service, body, served.status)

    return models


def _console(
    service: Service, route: str, body_of: Callable[[Service, str, Request], bytes]
) -> Callable[[Request], Awaitable[Response]]:
    async def console(request: Request) -> Response:
        """A `GET` of the console's own: its errors come with HTTP status 200, unless a fault says otherwise."""
        headers = headers_of(request.scope)
        key = key_of(headers)
        served = service.record.note(key, route)
        asked = headers.get(HEADER)
        try:
            fault = Fault.read(asked) if asked else service.quota_fault
        except BadScript as error:
            service.record.end(served, key, "refused")
            return Response(str(error), 400)
        status, body = 200, _locked(service, key, headers) or body_of(service, key, request)
        if fault is not None:
            served.fault = str(fault)
            if fault.name == "hang":
                while (await request.receive())["type"] != "http.disconnect":
                    pass
            status, body = _broken(service, fault, headers, body)
        served.status = status
        failed = status != 200 or b'"success":true' not in body
        service.record.end(served, key, "fault" if fault else "refused" if failed else "complete")
        return _json(service, body, status)

    return console


def _locked(service: Service, key: str, headers: dict[str, str]) -> bytes:
    """The refusal of a key; empty when it is taken."""
    if not key:
        return in_band(1001, "Header中未收到Authorization参数，无法进行身份验证。")
    if key not in service.config.keys or not service.takes(headers.get("authorization", "")):
        return in_band(401, "token expired or incorrect")
    return b""


def _quota_body(service: Service, key: str, request: Request) -> bytes:
    """`GET /api/monitor/usage/quota/limit`."""
    if service.plan(key) == "payg":
        return in_band(500, "This account has no coding plan")
    generation = request.query_params.get("generation")
    told = generation if generation in {"credits", "tokens"} else None
    return _dumps(service.windows(key).payload(service.now(), told))  # type: ignore[arg-type] # tested just above


def _balance_body(service: Service, key: str, _: Request) -> bytes:
    """`GET /api/biz/account/query-customer-account-report`: money, in the currency of the host; nothing on a plan."""
    money = 0.0 if service.plan(key) != "payg" else service.balance
    told = {"rechargeAmount": money, "giveAmount": 0.0, "totalSpendAmount": 0.0, "frozenBalance": 0.0}
    told |= {"balance": money, "availableBalance": money}
    return _dumps({"code": 200, "msg": "Operation successful", "success": True, "data": told})


def _broken(service: Service, fault: Fault, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    """The faults that make sense here; any other is played as an empty answer."""
    language = language_of(headers.get("accept-language", ""), service.config.language)
    match fault.name:
        case "code":
            refusal = Refusal(fault.argument)
            return refusal.status, refusal.body(OpenAIServer(), language, service.now())
        case "inband":
            return 200, Refusal(fault.argument).in_band(language, service.now())
        case "status":
            return int(fault.number), b""
        case "garbage":
            return 200, b"<html></html>"
        case "cut":
            return 200, body[: len(body) // 2]
        case _:
            return 200, _dumps({"code": 200, "msg": "success", "success": True, "data": {}})


def _record(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def record(_: Request) -> Response:
        """`GET /emulator/record`."""
        return _json(service, _dumps(service.record.as_json()))

    return record


def _script(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def script(request: Request) -> Response:
        """`POST /emulator/script`: append rules; `{"clear": true, "rules": […]}` drops the old ones first."""
        try:
            raw = json.loads(await request.body())
            rules = read_rules(raw)
        except ValueError as error:
            return _json(service, _dumps({"error": str(error)}), 400)
        if isinstance(raw, dict) and raw.get("clear"):
            service.script.rules.clear()
        service.script.rules += rules
        return _json(service, _dumps({"rules": len(service.script.rules)}))

    return script


def _turn(service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def turn(request: Request) -> Response:
        """`POST /emulator/turn` with `{"seconds": …}`: turn the service's clock."""
        try:
            service.turned_s += float(json.loads(await request.body())["seconds"])
        except (ValueError, TypeError, KeyError):
            return _json(service, _dumps({"error": '{"seconds": NUMBER} is expected'}), 400)
        return _json(service, _dumps({"now": service.now()}))

    return turn


def _json(service: Service, body: bytes, status: int = 200) -> Response:
    headers = {"date": formatdate(service.now(), usegmt=True)}
    return Response(body, status, headers, "application/json")


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
