"""Tokens that end before they expire (B-150): single ones, and all of one subject."""

from __future__ import annotations

from pathlib import Path

from vallum.store.database import StateFile, bump_generation, transaction


class Revocations:
    """Revoked tokens and subjects, shared by all workers through the state file."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: the state file.

        Raises:
            StateUnusable: it cannot be used.
        """
        self._file = StateFile(path)
        self._connection = self._file.connection

    def generation(self) -> int:
        """Another number after something was revoked, by any process.

        Raises:
            StateUnusable: the file is another one than at the start.
        """
        return self._file.generation()

    def close(self) -> None:
        """Close the state file."""
        self._file.close()

    def is_revoked(self, issuer: str, subject: str, token_id: str, issued_at: float) -> bool:
        """Whether a verified token was revoked, by its `jti` or with its subject.

        Args:
            issuer: its `iss`.
            subject: with its namespace, as in `user:alice`.
            token_id: its `jti`, or empty.
            issued_at: its `iat`; a subject's tokens issued up to the moment of revocation are dead.
        """
        row = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE issuer = ?1 AND token_id = ?2)"
            " OR EXISTS (SELECT 1 FROM revoked_subjects"
            " WHERE issuer = ?1 AND subject = ?3 AND at >= ?4)",
            (issuer, token_id, subject, issued_at),
        ).fetchone()
        return bool(row[0])

    def revoke_token(self, issuer: str, token_id: str, *, until: float, now: float) -> None:
        """Revoke one token.

        Args:
            issuer: its `iss`.
            token_id: its `jti`.
            until: Unix seconds at which it expires by itself; it is forgotten after that.
            now: Unix seconds.
        """
        with transaction(self._connection):
            self._connection.execute("DELETE FROM revoked_tokens WHERE until < ?", (now,))
            self._connection.execute(
                "INSERT OR REPLACE INTO revoked_tokens VALUES (?, ?, ?)", (issuer, token_id, until)
            )
            bump_generation(self._connection)

    def revoke_subject(self, issuer: str, subject: str, *, at: float) -> None:
        """Revoke every token of a subject issued until `at`: a user was disabled, say.

        An earlier revocation that is told later takes nothing back.
        """
        with transaction(self._connection):
            self._connection.execute(
                "INSERT INTO revoked_subjects VALUES (?, ?, ?)"
                " ON CONFLICT (issuer, subject) DO UPDATE SET at = max(at, excluded.at)",
                (issuer, subject, at),
            )
            bump_generation(self._connection)
