"""A certification authority of the tests' own, and signatures by the people it certifies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

SINCE = datetime(2025, 1, 1, tzinfo=UTC)


class Certified(NamedTuple):
    """A key with its certificate, and the certificates above it."""

    key: Any
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    def sign(self, content: bytes, algorithm: Any = None, attributes: bool = True) -> bytes:
        """A detached CMS signature of `content` in DER."""
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
        if not attributes:
            options.append(pkcs7.PKCS7Options.NoAttributes)
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self.key, algorithm or hashes.SHA256())
        for certificate in self.above:
            builder = builder.add_certificate(certificate)
        return builder.sign(serialization.Encoding.DER, options)

    def save(self, folder: Path, name: str) -> None:
        """The certificate with those above it as NAME.pem, the key as NAME.key, as programs that sign want them."""
        chain = (self.certificate, *self.above)
        pem = serialization.Encoding.PEM
        (folder / f"{name}.pem").write_bytes(b"".join(one.public_bytes(pem) for one in chain))
        key = self.key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(key)


def _name(common: str, serial: str = "", given: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if serial:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    if given:
        parts.append(x509.NameAttribute(NameOID.GIVEN_NAME, given))
    return x509.Name(parts)


def certified(
    common: str,
    issuer: Certified | None = None,
    *,
    serial: str = "",
    given: str = "",
    authority: bool = False,
    since: datetime = SINCE,
    days: int = 730,
    signs: bool = True,
    issues: bool | None = None,
    lists: bool | None = None,
    below: int | None = None,
    critical: x509.ExtensionType | None = None,
    key: Any = None,
    key_named: bool = False,
) -> Certified:
    """A certificate for `common`, by `issuer` (by itself without one).

    An authority `issues` certificates and `lists` of revoked ones, if nothing else is said, and has so many authorities
    `below` it; `critical`: what whoever looks at it has to know; `key_named`: it says which key it is of.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = _name(common, serial, given)
    signer = issuer or Certified(key, None)  # type: ignore[arg-type]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=below), critical=True)
        .add_extension(
            x509.KeyUsage(
                signs,
                signs,
                not signs,
                False,
                False,
                authority if issues is None else issues,
                authority if lists is None else lists,
                False,
                False,
            ),
            critical=True,
        )
    )
    if critical is not None:
        builder = builder.add_extension(critical, critical=True)
    if key_named:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    above = () if issuer is None else (issuer.certificate, *issuer.above)
    return Certified(key, builder.sign(signer.key, hashes.SHA256()), above)


def revoked(
    by: Certified,
    *those: tuple[Certified, datetime],
    since: datetime = SINCE,
    days: int = 7,
    critical: x509.ExtensionType | None = None,
) -> x509.CertificateRevocationList:
    """The list of what `by` took back, each with the time; another is to follow it in so many days."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(by.certificate.subject).last_update(since)
    builder = builder.next_update(since + timedelta(days=days))
    for one, at in those:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(at).build())
    if critical is not None:
        builder = builder.add_extension(critical, critical=True)
    return builder.sign(by.key, hashes.SHA256())


def rsa_key(size: int = 2048) -> rsa.RSAPrivateKey:
    """A new RSA key."""
    return rsa.generate_private_key(65537, size)
