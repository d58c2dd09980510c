from tests.jalapeno.auth.mailbox import mailbox

__all__ = ["mailbox"]
