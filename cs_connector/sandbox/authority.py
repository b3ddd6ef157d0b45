"""An authority of a sandbox's own, so that its simulators speak https and clients can check them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

from cs_connector.errors import ConfigError, UsageError

FILE = "ca.pem"


class Authority(NamedTuple):
    """What a server shows to its clients, and the file by which they trust it."""

    context: ssl.SSLContext
    file: Path


def generated(folder: Path) -> Authority:
    """A new authority for this run; its certificate goes to ca.pem in `folder`, its key is never stored.

    Raises ConfigError where trustme is not installed, UsageError for a folder that cannot be written.
    """
    try:
        import trustme
    except ModuleNotFoundError as error:
        fix = 'pip install "cs-connector[sandbox]"'
        raise ConfigError(
            "https in the sandbox needs trustme", safe="nothing was started", fix=fix
        ) from error
    authority = trustme.CA(organization_name="cs-connector sandbox")
    file = folder.resolve() / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(file)
    except OSError as error:
        fix = "name a folder that you may write to"
        raise UsageError(
            f"{file} cannot be written", why=str(error), safe="nothing was started", fix=fix
        ) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return Authority(context, file)
