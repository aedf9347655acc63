"""From a finished exchange to its record (MO-2)."""

from __future__ import annotations

import sys
import tempfile
import time
from typing import TYPE_CHECKING

from vallum.config.model import Records
from vallum.telemetry.exchange_record import RecordBuilder
from vallum.telemetry.records import RecordWriter
from vallum.telemetry.trace import client_request_id

if TYPE_CHECKING:
    from vallum.gateway.flight import Flight
    from vallum.gateway.worker import Recorder

_DAY_SECONDS = 86_400.0


class FileRecorder:
    """Records every exchange of one worker in its segments."""

    __slots__ = ("_builder", "_was_failing", "_writer", "check")

    def __init__(self, builder: RecordBuilder, writer: RecordWriter) -> None:
        self._builder = builder
        self._writer = writer
        self._was_failing = False
        self.check = writer.check

    def record(self, flight: Flight, ended: float) -> None:
        """Take the record of a finished exchange."""
        request = flight.request
        fields = request.fields
        principal = flight.principal
        route = flight.route
        upstream = flight.upstream_ended - flight.upstream_started
        own_id = fields.get(b"x-request-id")
        self._writer.append(
            self._builder.build(
                flight,
                time.time(),
                int((ended - flight.started) * 1e6),
                int(upstream * 1e6) if upstream > 0.0 else 0,
                (route.api, route.operation.id, request.host, flight.runtime.revision),
                (
                    request.client.address,
                    "" if principal is None else principal.id,
                    "" if principal is None else principal.credential,
                    fields.get(b"user-agent"),
                ),
                "" if own_id is None else client_request_id(own_id),
            )
        )

    def flush(self) -> None:
        """Write what was taken; the operator is told once when that begins or ceases to fail."""
        is_failing = not self._writer.flush()
        if is_failing != self._was_failing:
            self._was_failing = is_failing
            failure = self._writer.failure
            if is_failing:
                sys.stderr.write(f"vallum: cannot write records: {failure}; they are lost\n")
            else:
                sys.stderr.write("vallum: records are written again\n")

    def close(self) -> None:
        """Write the rest and close."""
        try:
            self._writer.close()
        except OSError as error:
            sys.stderr.write(f"vallum: cannot close the records: {error}\n")


class NoRecorder:
    """Where the policy says `records: off`."""

    def record(self, flight: Flight, ended: float) -> None:
        """Nothing is kept."""

    def flush(self) -> None:
        """Nothing is written."""

    def check(self) -> None:
        """Nothing can fail."""

    def close(self) -> None:
        """Nothing is open."""


def check_records(settings: Records) -> None:
    """Make the directory of the records and try to write there, before anything is served.

    Raises:
        OSError: records could not be kept; the text names the directory and says why.
    """
    if settings.path is None:
        return
    try:
        settings.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.path) as file:
            file.write(b"\n")
    except OSError as error:
        raise OSError(f"cannot write records in {settings.path}: {error.strerror}") from error


def open_recorder(settings: Records, worker: str) -> Recorder:
    """The recorder of one worker process.

    Args:
        settings: where records go.
        worker: names the process among those of the deployment.
    """
    if settings.path is None:
        return NoRecorder()
    builder = RecordBuilder(worker)
    writer = RecordWriter(
        settings.path,
        worker,
        clock=time.time,
        event=builder.event,
        on_failure=settings.on_failure,
        segment_bytes=settings.segment_bytes,
        max_bytes=settings.max_bytes,
        keep_seconds=settings.keep_days * _DAY_SECONDS,
    )
    return FileRecorder(builder, writer)
