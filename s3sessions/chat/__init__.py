"""The command `chat`: a conversation in a terminal that is stored, message by message, as it goes.

Of use elsewhere: `install_sigterm`, and `is_transient`, which knows the errors of a model that
another try may mend.
"""

from __future__ import annotations

from s3sessions.chat.signals import Terminated, install_sigterm
from s3sessions.chat.transient import is_transient

__all__ = ["Terminated", "install_sigterm", "is_transient"]
