"""Authorities that are trusted, and the certificates that authorities took back: files in a folder (RFC 5280, 4 to 6).

Certificates are read once. Lists of what was taken back (CRL) are read again when their files change: an authority
issues one every day, and whoever looks after the installation has it fetched.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.calendar import local_day
from domain.signature_refusals import CertificateRevoked, RevocationsOver

_CERTIFICATE, _LIST = b"-----BEGIN CERTIFICATE", b"-----BEGIN X509 CRL"
_FIELD = "signature"
_UNKNOWN = (TypeError, ValueError, UnsupportedAlgorithm)
# What the library says of a certificate or a list that breaks its standard, beside ValueError.
BROKEN = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)

Extension = TypeVar("Extension", bound=x509.ExtensionType)

log = structlog.get_logger("azyq")


def load_authorities(folder: Path) -> list[x509.Certificate]:
    """The certificates (PEM or DER) in `folder`, but for hidden files and folders; files may hold lists, too.

    Raises ValueError naming a file that holds neither or breaks their standard, and for a folder without any
    certificate; OSError.
    """
    found = []
    for path in _files(folder):
        for one in _read(path)[0]:
            _extensions(one, path)
            found.append(one)
    if not found:
        raise ValueError(f"{folder} has no certificate of an authority")
    return found


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether the certificate may issue others. Raises ValueError for extensions that can't be read."""
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    """What the certificate says there; None where it says nothing. Raises ValueError for extensions that can't be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


class _List(NamedTuple):
    """A list of an authority: what it took back when, by serial number; whether a key signed it, as far as was asked."""

    crl: x509.CertificateRevocationList
    revoked: dict[int, datetime]
    part: x509.IssuingDistributionPoint | None
    signed: dict[bytes, bool]

    def covers(self, authority: bool) -> bool:
        """Whether certificates of authorities, or else of persons, would be in it."""
        if self.part is None:
            return True
        return not (self.part.only_contains_user_certs if authority else self.part.only_contains_ca_certs)

    def signed_by(self, certificate: x509.Certificate) -> bool:
        """Whether the certificate's key signed it, and may."""
        key = certificate.public_key()
        name = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if name not in self.signed:
            usage = extension(certificate, x509.KeyUsage)
            may = usage is None or usage.crl_sign
            try:
                # Of any kind of key that it knows; others are a TypeError.
                self.signed[name] = may and self.crl.is_signature_valid(key)  # type: ignore[arg-type]
            except _UNKNOWN:
                self.signed[name] = False
        return self.signed[name]


class Revocations:
    """The lists in a folder, as its files are now. For threads."""

    def __init__(self, folder: Path, authorities: Sequence[x509.Certificate] = ()) -> None:
        """`authorities`: those trusted, of which one may have signed a list by another key of its own.

        Raises ValueError naming a file that can't be read as it is to be, OSError.
        """
        self._folder = folder
        self._authorities = authorities
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[tuple[int, int, int], list[_List]]] = {}
        for path in _files(folder):
            self._known[path] = _mark(path), _lists(path)

    def check(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> None:
        """Nothing where the issuer has no list here. Raises CertificateRevoked for one taken back by `at`, and
        RevocationsOver where a list of the issuer's was to be followed by another before `at`."""
        standing = self._standing(certificate, issuer, at)
        for one in standing:
            since = one.revoked.get(certificate.serial_number)
            if since is not None and since <= at:
                raise CertificateRevoked(_FIELD, day=f"{local_day(since):%d.%m.%Y}")
        for one in standing:
            end = one.crl.next_update_utc
            if end is not None and end < at:
                name = issuer.subject.rfc4514_string()
                log.error("revocations_over", issuer=name, since=end.isoformat())
                raise RevocationsOver(_FIELD, day=f"{local_day(end):%d.%m.%Y}")

    def _standing(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> list[_List]:
        """The issuer's last list by `at`, of each of its parts: those before it say nothing any more."""
        authority = is_authority(certificate)
        signers = [issuer, *(one for one in self._authorities if one.subject == issuer.subject)]
        last: dict[bytes, _List] = {}
        for one in self._now():
            if one.crl.issuer != issuer.subject or not one.covers(authority):
                continue
            if not any(one.signed_by(signer) for signer in signers):
                continue
            part = b"" if one.part is None else one.part.public_bytes()
            before = last.get(part)
            if before is None or _later(one, before, at):
                last[part] = one
        return list(last.values())

    def _now(self) -> list[_List]:
        """Those of the files that can be read; of what can't be any more, what it was before."""
        with self._lock:
            try:
                paths = list(_files(self._folder))
            except OSError as error:
                log.error("revocations_unreadable", file=self._folder.name, error=type(error).__name__)
                paths = list(self._known)
            now: dict[Path, tuple[tuple[int, int, int], list[_List]]] = {}
            for path in paths:
                before = self._known.get(path)
                try:
                    mark = _mark(path)
                    if before is None or before[0] != mark:
                        before = mark, _lists(path)
                except (OSError, ValueError) as error:
                    log.error("revocations_unreadable", file=path.name, error=type(error).__name__)
                if before is not None:
                    now[path] = before
            for path in self._known.keys() - now.keys():
                if self._known[path][1]:
                    log.warning("revocations_gone", file=path.name)
            self._known = now
            return [one for _, lists in now.values() for one in lists]


def _later(one: _List, before: _List, at: datetime) -> bool:
    """Whether `one` is the later list of the two by `at`; one of the future counts where there is no other."""
    ours, theirs = one.crl.last_update_utc, before.crl.last_update_utc
    if (ours > at) != (theirs > at):
        return theirs > at
    return ours > theirs if ours <= at else ours < theirs


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and not path.is_dir():
            yield path


def _mark(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> tuple[list[x509.Certificate], list[x509.CertificateRevocationList]]:
    """A file's certificates, and its lists. Raises ValueError naming the file, OSError."""
    content = path.read_bytes()
    try:
        if _LIST in content or _CERTIFICATE in content:
            lists = [x509.load_pem_x509_crl(_LIST + one) for one in content.split(_LIST)[1:]]
            return x509.load_pem_x509_certificates(content) if _CERTIFICATE in content else [], lists
        try:
            return [x509.load_der_x509_certificate(content)], []
        except ValueError:
            return [], [x509.load_der_x509_crl(content)]
    except (ValueError, *BROKEN):
        raise ValueError(f"{path} is no X.509 certificate, and no list of revoked ones") from None


def _extensions(one: x509.Certificate | x509.CertificateRevocationList, path: Path) -> x509.Extensions:
    """Raises ValueError naming the file where they can't be read."""
    try:
        return one.extensions
    except (ValueError, *BROKEN):
        raise ValueError(f"{path} has extensions that can't be read") from None


def _lists(path: Path) -> list[_List]:
    """A file's lists, but for those that say only some of it: changes since another, other authorities' certificates.

    Raises what `_read` raises.
    """
    found = []
    for crl in _read(path)[1]:
        part: x509.IssuingDistributionPoint | None = None
        whole = True
        for said in _extensions(crl, path):
            if isinstance(said.value, x509.IssuingDistributionPoint):
                part = said.value
                whole = whole and not (
                    part.indirect_crl or part.only_contains_attribute_certs or part.only_some_reasons
                )
            elif said.critical:  # a DeltaCRLIndicator, or what nobody here knows
                whole = False
        if whole:
            revoked = {one.serial_number: one.revocation_date_utc for one in crl}
            found.append(_List(crl, revoked, part, {}))
        else:
            log.warning("revocations_not_whole", file=path.name, issuer=crl.issuer.rfc4514_string())
    return found
