"""Authorities that are trusted, and the certificates that authorities took back: files in a folder (RFC 5280, 3 and 5).

Certificates are read once. Lists of what was taken back (CRL) are read again when their files change: an authority
issues one every day, and whoever looks after the installation has it fetched.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from domain.calendar import local_day
from domain.signature_refusals import CertificateRevoked, RevocationsOver

_CERTIFICATE, _LIST = b"-----BEGIN CERTIFICATE", b"-----BEGIN X509 CRL"
_FIELD = "signature"

log = structlog.get_logger("azyq")


def load_authorities(folder: Path) -> list[x509.Certificate]:
    """The certificates (PEM or DER) in `folder`, but for hidden files and folders, and lists.

    Raises ValueError naming a file that is neither certificate nor list, and for a folder without any certificate.
    """
    found = [one for path in _files(folder) if isinstance(read := _read(path), list) for one in read]
    if not found:
        raise ValueError(f"{folder} has no certificate of an authority")
    return found


class Revocations:
    """The lists in a folder, as its files are now. For threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[tuple[int, int, int], x509.CertificateRevocationList | None]] = {}

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> None:
        """Nothing where the issuer has no list here. Raises CertificateRevoked for one taken back by `at`, and
        RevocationsOver where every list of the issuer's was to be followed by another before `at`."""
        lists = [one for one in self._lists() if one.issuer == issuer.subject and _signed(one, issuer)]
        for one in lists:
            entry = one.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None and entry.revocation_date_utc <= at:
                raise CertificateRevoked(_FIELD, day=f"{local_day(entry.revocation_date_utc):%d.%m.%Y}")
        ends = [one.next_update_utc for one in lists]
        if ends and all(end is not None and end < at for end in ends):
            last = max(end for end in ends if end is not None)
            log.error("revocations_over", issuer=issuer.subject.rfc4514_string(), since=last.isoformat())
            raise RevocationsOver(_FIELD, day=f"{local_day(last):%d.%m.%Y}")

    def _lists(self) -> list[x509.CertificateRevocationList]:
        """Those of the files that can be read; of a file that can't be any more, what it was before."""
        with self._lock:
            known, self._read = self._read, {}
            for path in _files(self._folder):
                before = known.get(path)
                try:
                    found = path.stat()
                    mark = found.st_mtime_ns, found.st_size, found.st_ino
                    if before is None or before[0] != mark:
                        read = _read(path)
                        before = mark, None if isinstance(read, list) else read
                except (OSError, ValueError) as error:
                    log.error("revocations_unreadable", file=path.name, error=type(error).__name__)
                if before is not None:
                    self._read[path] = before
            return [one for _, one in self._read.values() if one is not None]


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and not path.is_dir():
            yield path


def _read(path: Path) -> list[x509.Certificate] | x509.CertificateRevocationList:
    """A file's certificates, or its list. Raises ValueError naming the file, OSError."""
    content = path.read_bytes()
    try:
        if _LIST in content:
            return x509.load_pem_x509_crl(content[content.index(_LIST) :])
        if _CERTIFICATE in content:
            return x509.load_pem_x509_certificates(content)
        try:
            return [x509.load_der_x509_certificate(content)]
        except ValueError:
            return x509.load_der_x509_crl(content)
    except ValueError:
        raise ValueError(f"{path} is no X.509 certificate, and no list of revoked ones") from None


def _signed(one: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed the list; an authority that got another key has lists by both."""
    try:
        return one.is_signature_valid(issuer.public_key())  # type: ignore[arg-type] # of any kind that it knows
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
