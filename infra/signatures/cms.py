"""Signatures as bodies make them: CMS over content that is not in it (RFC 5652), by X.509 certificates (RFC 5280).

Passwords exist nowhere: who somebody is, is whose certificate signed. The national authority's algorithms of its own
(GOST) are not among those that the library behind this knows.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

from domain.calendar import local_day
from domain.ports import PersonalData, Signer
from domain.signature_refusals import (
    CertificateExpired,
    CertificateNotForSigning,
    CertificateNotTrusted,
    CertificateNotYetValid,
    SignatureAlgorithmUnknown,
    SignatureNotCms,
    SignatureOfOtherText,
    SignerUnknown,
)
from infra.signatures.authorities import BROKEN, Revocations, extension, is_authority

LARGEST = 100_000  # bytes; a signature with its chain has some 5,000
LONGEST_CHAIN = 5
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_SMALLEST_RSA = 2048
_IIN = re.compile(r"IIN([0-9]{12})", re.ASCII)
_LOOKED_AT = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,  # authorities have purposes of their own there
    x509.CertificatePolicies,
    x509.SubjectAlternativeName,
)
# What reading what anybody may send can raise.
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, *BROKEN)
_FIELD = "signature"


class CmsSignatures:
    """Verifies detached CMS signatures (`domain.ports.Signatures`) by trusted authorities."""

    def __init__(
        self,
        authorities: Iterable[x509.Certificate],
        who: Callable[[str], str | None],
        revocations: Revocations | None = None,
    ) -> None:
        """`who` gives the actor by the serial number in a certificate's subject (`IIN…`, `BIN…`); None: nobody of ours.
        `revocations`: what authorities took back, where that is known."""
        self._authorities: dict[bytes, list[x509.Certificate]] = {}
        for certificate in authorities:  # an authority that got another key keeps its name
            self._authorities.setdefault(certificate.subject.public_bytes(), []).append(certificate)
        self._who = who
        self._revocations = revocations

    def verify(self, content: bytes, signature: bytes, at: datetime) -> Signer:
        """Who signed `content`. Raises what `certificate` raises, SignerUnknown."""
        certificate = self.certificate(content, signature, at)
        serial = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        actor = self._who(str(serial[0].value)) if serial else None
        if actor is None:
            raise SignerUnknown(_FIELD)
        return Signer(actor, sha256(signature).hexdigest())

    def person(self, content: bytes, signature: bytes, at: datetime) -> PersonalData:
        """Whoever signed `content`, as the certificate names the person.

        Raises what `certificate` raises, SignerUnknown for the certificate of no person.
        """
        certificate = self.certificate(content, signature, at)

        def named(oid: x509.ObjectIdentifier) -> str:
            found = certificate.subject.get_attributes_for_oid(oid)
            return str(found[0].value).strip() if found else ""

        iin = _IIN.fullmatch(named(NameOID.SERIAL_NUMBER))
        if iin is None:
            raise SignerUnknown(_FIELD)
        # The national authority writes surname and name into the common name, the patronymic where the name belongs.
        surname, _, given_name = named(NameOID.COMMON_NAME).partition(" ")
        return PersonalData(iin[1], surname, given_name.strip(), named(NameOID.GIVEN_NAME), "")

    def certificate(self, content: bytes, signature: bytes, at: datetime) -> x509.Certificate:
        """The certificate that signed `content`, in force at `at` and of a trusted authority.

        Raises SignatureUnsound: SignatureNotCms, SignatureAlgorithmUnknown, SignatureOfOtherText,
        CertificateNotForSigning, CertificateNotYetValid, CertificateExpired, CertificateNotTrusted, CertificateRevoked,
        RevocationsOver.
        """
        if len(signature) > LARGEST:
            raise SignatureNotCms(_FIELD)
        try:
            info, certificate, given = _read(signature)
        except UnsupportedAlgorithm:
            raise SignatureAlgorithmUnknown(_FIELD) from None
        except _MALFORMED:
            raise SignatureNotCms(_FIELD) from None
        try:
            _verify(certificate, info, content)
        except UnsupportedAlgorithm:
            raise SignatureAlgorithmUnknown(_FIELD) from None
        except (*_MALFORMED, InvalidSignature):
            raise SignatureOfOtherText(_FIELD) from None
        self._check(certificate, given, at.astimezone(UTC))
        return certificate

    def _check(self, certificate: x509.Certificate, given: Sequence[x509.Certificate], at: datetime) -> None:
        """Raises SignatureUnsound unless the certificate may sign at `at`."""
        try:
            if not _may_sign(certificate):
                raise CertificateNotForSigning(_FIELD)
            first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            chain = self._chain(certificate, given, min(max(at, first), last))
        except (*_MALFORMED, UnsupportedAlgorithm, InvalidSignature):
            chain = []
        if not chain:
            raise CertificateNotTrusted(_FIELD)
        if at < first:
            raise CertificateNotYetValid(_FIELD, day=f"{local_day(first):%d.%m.%Y}")
        if at > last:
            raise CertificateExpired(_FIELD, day=f"{local_day(last):%d.%m.%Y}")
        if self._revocations is not None:
            for one, issuer in pairwise(self._with_those_above(chain, at)):
                self._revocations.check(one, issuer, at)

    def _with_those_above(self, chain: Sequence[x509.Certificate], at: datetime) -> list[x509.Certificate]:
        """And the trusted ones that issued its last: who is trusted by itself may have been taken back all the same."""
        longer = list(chain)
        while (last := longer[-1]).issuer != last.subject and len(longer) <= 2 * LONGEST_CHAIN:
            above = self._authorities.get(last.issuer.public_bytes(), [])
            vouching = next((one for one in above if _vouches(one, last, at)), None)
            if vouching is None:
                break
            longer.append(vouching)
        return longer

    def _chain(
        self, leaf: x509.Certificate, given: Sequence[x509.Certificate], at: datetime
    ) -> list[x509.Certificate]:
        """From `leaf` to an authority of ours, each issued by the next and in force at `at`; empty where there is none."""
        by_subject = {certificate.subject.public_bytes(): certificate for certificate in given}
        chain = [leaf]
        for _ in range(LONGEST_CHAIN):
            current = chain[-1]
            if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
                return []
            name = current.issuer.public_bytes()
            if not _known_to_the_letter(current):
                return []
            if name in self._authorities:
                vouching = (one for one in self._authorities[name] if _vouches(one, current, at))
                authority = next((one for one in vouching if _reaches(one, len(chain) - 1)), None)
                return [] if authority is None else [*chain, authority]
            issuer = by_subject.get(name)
            if issuer is None or not is_authority(issuer) or not _reaches(issuer, len(chain) - 1):
                return []
            current.verify_directly_issued_by(issuer)
            chain.append(issuer)
        return []


def _read(signature: bytes) -> tuple[Any, x509.Certificate, list[x509.Certificate]]:
    """The entry of the one signer, the certificate that it names, all that came with it. Raises SignatureNotCms."""
    outer = cms.ContentInfo.load(_der(signature), strict=True)
    if outer["content_type"].native != "signed_data":
        raise SignatureNotCms(_FIELD)
    signed = outer["content"]
    if len(signed["signer_infos"]) != 1 or signed["encap_content_info"]["content"].native is not None:
        raise SignatureNotCms(_FIELD)
    given = [
        x509.load_der_x509_certificate(one.chosen.dump())
        for one in signed["certificates"]
        if one.name == "certificate"
    ]
    info = signed["signer_infos"][0]
    certificate = _named(info, given)
    if certificate is None:
        raise SignatureNotCms(_FIELD)
    return info, certificate, given


def person_of(find: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Whose certificate it is by `IIN` and twelve digits in its serial number; `find` gives the vault's subject."""

    def who(serial: str) -> str | None:
        match = _IIN.fullmatch(serial)
        return find(match[1]) if match else None

    return who


def _der(signature: bytes) -> bytes:
    from asn1crypto import pem

    return bytes(pem.unarmor(signature)[2]) if pem.detect(signature) else signature


def _named(info: Any, given: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The certificate that the signer's entry names, among those that came with it."""
    sid = info["sid"]
    for certificate in given:
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen
            if (
                named["serial_number"].native == certificate.serial_number
                and named["issuer"].dump() == certificate.issuer.public_bytes()
            ):
                return certificate
        else:
            key = extension(certificate, x509.SubjectKeyIdentifier)
            if key is not None and key.digest == sid.native:
                return certificate
    return None


def _vouches(authority: x509.Certificate, for_: x509.Certificate, at: datetime) -> bool:
    """Whether `authority`, in force at `at`, signed the certificate `for_`."""
    if (
        not is_authority(authority)
        or not authority.not_valid_before_utc <= at <= authority.not_valid_after_utc
    ):
        return False
    try:
        for_.verify_directly_issued_by(authority)
    except (*_MALFORMED, InvalidSignature):
        return False
    return True


def _may_sign(certificate: x509.Certificate) -> bool:
    """Whether the certificate is a person's, for signatures."""
    constraints, usage = extension(certificate, x509.BasicConstraints), extension(certificate, x509.KeyUsage)
    if constraints is not None and constraints.ca:
        return False
    return usage is None or usage.digital_signature or usage.content_commitment


def _reaches(authority: x509.Certificate, below: int) -> bool:
    """Whether it may stand above so many authorities that stand above the signer."""
    constraints = extension(authority, x509.BasicConstraints)
    return constraints is not None and (constraints.path_length is None or below <= constraints.path_length)


def _known_to_the_letter(certificate: x509.Certificate) -> bool:
    """Whether nothing in it is critical that is not looked at here (RFC 5280, 4.2)."""
    return all(not one.critical or isinstance(one.value, _LOOKED_AT) for one in certificate.extensions)


def _verify(certificate: x509.Certificate, info: Any, content: bytes) -> None:
    """Raises InvalidSignature unless the signer's entry is a signature of `content` by the certificate's key.

    Raises UnsupportedAlgorithm for one that is not accepted.
    """
    algorithm = _hash(info["digest_algorithm"]["algorithm"].native)
    signed = content
    if len(info["signed_attrs"]):
        attributes: dict[str, Any] = {}
        for attribute in info["signed_attrs"]:
            if attribute["type"].native in attributes or len(attribute["values"]) != 1:
                raise InvalidSignature
            attributes[attribute["type"].native] = attribute["values"][0].native
        digest = hashes.Hash(algorithm)
        digest.update(content)
        if not hmac.compare_digest(attributes["message_digest"], digest.finalize()):
            raise InvalidSignature
        if attributes["content_type"] != "data":
            raise InvalidSignature
        # The attributes are signed as a SET, whatever tag they travel under (RFC 5652, 5.4).
        signed = b"\x31" + info["signed_attrs"].dump()[1:]
    _verify_by(certificate.public_key(), info, algorithm, signed)


def _verify_by(key: Any, info: Any, algorithm: hashes.HashAlgorithm, signed: bytes) -> None:
    signature = info["signature"].native
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA:
        scheme = info["signature_algorithm"].signature_algo
        if scheme == "rsassa_pss":
            filling: Any = padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH)
        else:
            filling = padding.PKCS1v15()
        key.verify(signature, signed, filling, algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(algorithm))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, signed)
    else:
        raise UnsupportedAlgorithm("key")


def _hash(name: str) -> hashes.HashAlgorithm:
    if name not in _HASHES:
        raise UnsupportedAlgorithm("hash")
    return _HASHES[name]()
