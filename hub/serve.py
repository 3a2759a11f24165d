"""The running hub: the mailbox, the receiver and the pages, in one process.

    mailbox    threads of `hub.sftp_server`; an upload that is complete wakes the receiver
    receiver   this thread: one turn per wake, and every second anyway
    pages      waitress, a bounded pool of threads

Every hour the snapshot and the timestamp of the catalogue are signed anew if they end within three days. Every hour,
and after each turn that took something in, a checkpoint of the log is signed if it has grown.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import waitress
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction

from hub.accounts import HubDirectory
from hub.centre import Centre
from hub.config import HubConfig
from hub.enrolment import host_key
from hub.errors import HubConfigError
from hub.files import write_whole
from hub.log import newest
from hub.receive import Turn, receive_waiting
from hub.sftp_server import SftpServer

log = logging.getLogger(__name__)

TURN_SECONDS = 1.0
RENEW_EVERY = timedelta(hours=1)
RENEW_AHEAD = timedelta(days=3)
SERVING_FILE = "serving.json"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running hub is reached.

    Args:
        host: of the mailbox, as practices reach it.
        sftp_port: of the same.
        web: address of the pages.
    """

    host: str
    sftp_port: int
    web: str


def serve(centre: Centre, stop: threading.Event, announce: Callable[[Addresses], None]) -> None:
    """Serve until told to stop.

    Args:
        centre: the hub.
        stop: set it to end.
        announce: called once, when the hub can be reached.
    """
    config, wake = centre.config, threading.Event()
    with _port("mailbox", config.sftp_host, config.sftp_port):
        sftp = SftpServer((config.sftp_host, config.sftp_port), host_key(centre), HubDirectory(centre, wake.set))
    with _port("pages", config.web_host, config.web_port):
        web = waitress.create_server(WSGIHandler(), **_web_settings(config))
    pages = threading.Thread(target=web.run, name="pages", daemon=True)
    try:
        sftp.start()
        pages.start()
        addresses = Addresses(config.public_host, sftp.port, f"http://{config.web_host}:{web.effective_port}")
        write_whole(config.folder / SERVING_FILE, json.dumps(asdict(addresses)).encode("utf-8"))
        announce(addresses)
        _receive_until(centre, stop, wake)
    finally:
        (config.folder / SERVING_FILE).unlink(missing_ok=True)
        sftp.stop()
        web.close()
        pages.join(timeout=5)


def addresses_of(config: HubConfig) -> Addresses:
    """Where this hub is reached: where it says it is served, otherwise where it would be."""
    try:
        return Addresses(**json.loads((config.folder / SERVING_FILE).read_text(encoding="utf-8")))
    except OSError:
        return Addresses(config.public_host, config.sftp_port, f"http://{config.web_host}:{config.web_port}")


def renew(centre: Centre) -> bool:
    """Sign the catalogue's newest-version files anew if they end soon; whether that was so."""
    with transaction.atomic():  # takes the write lock: nobody publishes meanwhile
        return centre.repository().refresh(RENEW_AHEAD)


@contextlib.contextmanager
def _port(what: str, host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HubConfigError(
            f"the {what} cannot listen on {host} port {port}: {error.strerror or 'no such address'}",
            "end what listens there, this hub perhaps, or give another port: gpfed-hub serve --help",
        ) from error


def _receive_until(centre: Centre, stop: threading.Event, wake: threading.Event) -> None:
    renewed: datetime | None = None
    while not stop.is_set():
        wake.clear()
        try:
            turn = receive_waiting(centre)
            if turn != Turn():
                newest(centre)
                log.info("turn received=%d quarantined=%d failed=%d", turn.received, turn.quarantined, turn.failed)
            if renewed is None or centre.now() - renewed > RENEW_EVERY:
                renew(centre)
                newest(centre)
                renewed = centre.now()
        except Exception:
            log.exception("turn_failed")  # a full disk, a locked database: the next turn tries again
        wake.wait(TURN_SECONDS)


def _web_settings(config: HubConfig) -> dict[str, object]:
    behind_proxy = (
        {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": {"x-forwarded-proto"}} if config.https else {}
    )
    return {
        "host": config.web_host,
        "port": config.web_port,
        "threads": 4,
        "channel_timeout": 30,  # seconds
        "max_request_body_size": 64 * 1024,  # pages take no uploads
        "ident": "",
        "clear_untrusted_proxy_headers": True,
        **behind_proxy,
    }
