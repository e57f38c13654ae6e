"""Every business code of the service: its HTTP status, its words in two languages, and its three body shapes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from zai_ls.catalogue import shipped_codes

if TYPE_CHECKING:
    from zai_ls.glm.chat_request import ServerDialect

Language = Literal["en", "zh"]

_WORDS: dict[str, tuple[str, str]] = {
    "1000": ("Authentication Failed", "身份验证失败。"),
    "1001": (
        "Authentication parameter not received in Header, unable to authenticate",
        "Header 中未收到 Authentication 参数，无法进行身份验证",
    ),
    "1002": ("Invalid Authentication Token", "Authentication Token 非法"),
    "1003": ("Authentication Token expired, please regenerate it", "Authentication Token 已过期，请重新生成"),
    "1004": (
        "Authentication failed with the provided Authentication Token",
        "通过提供的 Authentication Token 的验证失败",
    ),
    "1005": ("Two-factor login is required", "您的账户已开启二次认证保护"),
    "1100": ("Account read/write error", "账户读写错误"),
    "1110": ("Your account is inactive", "您的账户处于非活动状态"),
    "1111": ("Your account does not exist", "您的账户不存在"),
    "1112": ("Your account has been locked", "您的账户已被锁定"),
    "1113": (
        "Insufficient balance or no resource package. Please recharge.",
        "余额不足或无可用资源包,请充值。",
    ),
    "1120": ("Unable to access your account, please try again later", "无法成功访问您的账户，请稍后重试"),
    "1121": (
        "Your account has been locked because of irregular activity",
        "账户存在违规行为，账号已被锁定",
    ),
    "1200": ("API call failed", "API 调用失败"),
    "1210": ("Invalid API parameter: {detail}", "API 调用参数有误：{detail}"),
    "1211": ("Unknown Model, please check the model code.", "模型不存在，请检查模型代码。"),
    "1212": ("The model does not support this call method", "当前模型不支持该调用方式"),
    "1213": ("The {detail} parameter was not received", "未正常接收到 {detail} 参数"),
    "1214": ("The {detail} parameter is invalid", "{detail} 参数非法"),
    "1215": ("The parameters {detail} cannot be set at the same time", "{detail} 不能同时设置"),
    "1220": ("You do not have permission to access this API", "您无权访问该 API"),
    "1221": ("The API has been taken offline", "API 已下线"),
    "1222": ("The API does not exist", "API 不存在"),
    "1230": ("API process error", "API 调用流程出错"),
    "1231": ("You already have a request: {detail}", "您已有请求：{detail}"),
    "1234": (
        "Network error, error id: {trace}, please contact customer service",
        "网络错误，错误id：{trace}，请联系客服",
    ),
    "1261": ("Prompt exceeds max length", "Prompt 超长"),
    "1300": ("The API call was blocked by policy", "API 调用被策略阻止"),
    "1301": (
        "The system has detected potentially unsafe or sensitive content in the input or the generation",
        "系统检测到输入或生成内容可能包含不安全或敏感内容",
    ),
    "1302": ("Rate limit reached for requests", "您的账户已达到速率限制，请您控制请求频率"),
    "1303": ("The request frequency is too high", "您当前使用该 API 的频率过高"),
    "1304": ("The daily call limit of this API has been reached", "已达到今日调用次数限额"),
    "1305": (
        "The service may be temporarily overloaded, please try again later",
        "该模型当前访问量过大，请您稍后再试",
    ),
    "1308": (
        "Usage limit reached for 5 hour. Your limit will reset at {reset}",
        "已达到 5 小时的使用上限。您的限额将在 {reset} 重置。",
    ),
    "1309": (
        "Your GLM Coding Plan package has expired and is temporarily unavailable. You can resume after renewing the subscription.",
        "您的 GLM Coding Plan 套餐已到期，续费后可恢复使用。",
    ),
    "1310": (
        "Weekly/Monthly Limit Exhausted. Your limit will reset at {reset}",
        "已达到每周/每月使用上限，您的限额将在 {reset} 重置。",
    ),
    "1311": (
        "Your current subscription plan does not yet include access to {model}",
        "您当前的订阅套餐暂未开放 {model} 权限",
    ),
    "1312": (
        "This model is busy now, please try again later or use another model",
        "该模型当前访问量过大，请您稍后再试或切换其他模型",
    ),
    "1313": (
        "Your account's current usage pattern does not comply with the Fair Usage Policy. To restore access, please submit a request.",
        "您的账户当前的使用方式不符合公平使用策略，请求频率已受限。",
    ),
    "1314": ("Your enterprise package has expired", "您的企业套餐已失效"),
    "1315": ("This key is only for the enterprise coding package", "该 API Key 仅限企业编程套餐使用"),
    "1316": (
        "Usage limit reached for the past 5 hours. Insufficient balance for extra usage. Resets at {reset}",
        "已达到过去 5 小时的使用上限，余额不足，无法继续使用。将在 {reset} 重置。",
    ),
    "1317": (
        "Usage limit reached for the past 7 days. Insufficient balance for extra usage. Resets at {reset}",
        "已达到过去 7 天的使用上限，余额不足，无法继续使用。将在 {reset} 重置。",
    ),
    "1318": (
        "Usage limit reached for the past 5 hours, and the monthly spending cap of this sub-account. Resets at {reset}",
        "已达到过去 5 小时的使用上限，且已达到子账号月消费上限。将在 {reset} 重置。",
    ),
    "1319": (
        "Usage limit reached for the past 7 days, and the monthly spending cap of this sub-account. Resets at {reset}",
        "已达到过去 7 天的使用上限，且已达到子账号月消费上限。将在 {reset} 重置。",
    ),
    "1320": (
        "Usage limit reached for the past 5 hours, and the monthly spending cap of the enterprise. Resets at {reset}",
        "已达到过去 5 小时的使用上限，且已达到企业级月消费上限。将在 {reset} 重置。",
    ),
    "1321": (
        "Usage limit reached for the past 7 days, and the monthly spending cap of the enterprise. Resets at {reset}",
        "已达到过去 7 天的使用上限，且已达到企业级月消费上限。将在 {reset} 重置。",
    ),
}

CODES = tuple(_WORDS)
"""All of them."""

_KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"}
"""What the Anthropic route calls an error, by status; for 429 it depends on the code."""
_RATE_CODES = frozenset({"1302", "1303", "1304", "1305", "1308", "1310"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no of the service, before it is spelled."""

    code: str
    detail: str = ""
    """What the message is about: a field, a bound."""
    model: str = ""
    resets_at: float | None = None
    exactly: str = ""
    """The message itself, where the service has several for one code."""

    @property
    def status(self) -> int:
        """HTTP status it comes with."""
        entry = shipped_codes().get(self.code)
        return entry.status if entry else 500

    @property
    def kind(self) -> str:
        """The Anthropic route's word for it."""
        if self.status == 429 and self.code in _RATE_CODES:
            return "rate_limit_error"
        return _KINDS.get(self.status, "api_error")

    def words(self, language: Language, now: float) -> str:
        """The message; reset times are in UTC+8 and do not say so."""
        if self.exactly:
            return self.exactly
        english, chinese = _WORDS.get(self.code, (f"Error {self.code}", f"错误 {self.code}"))
        resets_at = now + 3600 if self.resets_at is None else self.resets_at
        return (chinese if language == "zh" else english).format(
            detail=self.detail or "a parameter",
            model=self.model or "this model",
            reset=vendor_time(resets_at).strftime("%Y-%m-%d %H:%M:%S"),
            trace=stamp(now),
        )

    def body(self, dialect: ServerDialect, language: Language, now: float) -> bytes:
        """As *dialect* spells it. Hosts that speak Chinese add the request's id on the OpenAI route."""
        traced = dialect.name == "anthropic" or language == "zh"
        trace = trace_id(now) if traced else ""
        return dialect.refusal(self.code, self.words(language, now), trace, self.kind)

    def in_band(self, language: Language, now: float) -> bytes:
        """As the console's routes spell it, with HTTP status 200."""
        return in_band(int(self.code), self.words(language, now))


def in_band(code: int, message: str) -> bytes:
    """The third shape: an error that HTTP calls a success."""
    return json.dumps({"code": code, "msg": message, "success": False}, ensure_ascii=False).encode()


def language_of(accept: str, default: Language) -> Language:
    """The language that an `Accept-Language` header asks for first."""
    first = accept.strip().lower()[:2]
    if first == "zh":
        return "zh"
    return "en" if first == "en" else default


def vendor_time(at: float) -> datetime:
    """*at* on the service's own wall clock, UTC+8."""
    return datetime.fromtimestamp(at, UTC) + timedelta(hours=8)


def trace_id(at: float) -> str:
    """A request's id as errors tell it."""
    return stamp(at) + "0" * 18


def stamp(at: float) -> str:
    """The fourteen digits that ids begin with."""
    return vendor_time(at).strftime("%Y%m%d%H%M%S")
