"""The ideal API: what an imagined perfect editor would ask of us. LSP and the command line both adapt to it."""

from zai_ls.assistant.assistant import Assistant
from zai_ls.assistant.kit import Kit
from zai_ls.assistant.ports import AccountStatus, Decision, Editor, Progress, Stage
from zai_ls.domain import Offer

__all__ = ["AccountStatus", "Assistant", "Decision", "Editor", "Kit", "Offer", "Progress", "Stage"]
