"""Secrets out of what is sent, and back into what comes: values in, values out.

`kinds` is the table of secrets that are known by their own form, `assigned` finds those that only their name gives away,
`finding` puts both together, `placeholders` makes what stands for a secret, `redacting` puts it in, and `restoring` takes it out.
"""

from zai_ls.core.redaction.finding import is_in_secret
from zai_ls.core.redaction.redacting import cut, redacted
from zai_ls.core.redaction.restoring import Restorer
from zai_ls.core.redaction.whole import wholes

__all__ = ["Restorer", "cut", "is_in_secret", "redacted", "wholes"]
