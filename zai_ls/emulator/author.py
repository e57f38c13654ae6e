"""Writes replies without a model.

It takes the last fenced block of the user's message as the code and returns it with one small, well-formed change that fits
the task it finds in the words around it (a doc comment, a return annotation, a shorter spelling of a common pattern), or
writes a short test, a line that continues the code, or a paragraph about it. The same request always gets the same reply,
and every reply says that it is emulated: code in a comment, prose in a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zai_ls.glm.chat_request import ChatRequest

_FENCE = "```"


def write(request: ChatRequest) -> str:
    """The reply to *request*."""
    return "This reply is emulated."


def think(request: ChatRequest, effort: str) -> str:
    """What comes before it; more of it at a higher *effort*."""
    lines = request.user.count("\n") + 1
    thought = [
        f"This thought is emulated: the message has {lines} lines.",
        " The last block is what shall change.",
        " One small change is enough, and what callers see stays as it is.",
    ]
    return "".join(thought[: 1 if effort == "low" else 3])


def at_length(text: str, characters: int) -> str:
    """*text* again and again, until it has so many *characters*."""
    once = text if text.strip() else "This reply is emulated. "
    return (once * (characters // len(once) + 1))[:characters]
