"""Signatures by certificates: whose they are, and every way in which they don't hold (A8, RFC 5652, RFC 5280)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from domain.errors import LANGUAGES
from domain.ports import PersonalData
from domain.signature_refusals import (
    CertificateNotTrusted,
    SignatureOfOtherText,
    SignatureUnsound,
    SignerUnknown,
)
from infra.signatures.cms import LARGEST, CmsSignatures
from tests.certificates import Certified, certified, rsa_key

ROOT = certified("Root", authority=True)
OFFICE = certified("Office", ROOT, authority=True)
AIGUL = certified("Aigul", OFFICE, serial="IIN850101400001")
CONTENT = b"challenge"
AT = datetime(2025, 8, 1, tzinfo=UTC)
PEOPLE = {"IIN850101400001": "aigul"}


def signatures(*authorities: Certified) -> CmsSignatures:
    return CmsSignatures([one.certificate for one in authorities or (ROOT,)], PEOPLE.get)


def signer(signature: bytes, content: bytes = CONTENT, at: datetime = AT) -> str | None:
    try:
        return signatures().verify(content, signature, at).actor
    except SignatureUnsound:
        return None


def why(signature: bytes, content: bytes = CONTENT, at: datetime = AT) -> str:
    """The code by which it is refused, after its sentence was told in each language."""
    with pytest.raises(SignatureUnsound) as refusal:
        signatures().verify(content, signature, at)
    sentences = {refusal.value.sentence(language) for language in LANGUAGES}
    assert len(sentences) == 3
    assert refusal.value.field == "signature"
    return refusal.value.code


@pytest.mark.parametrize("attributes", [True, False])
@pytest.mark.parametrize("key", [None, rsa_key()])
@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_A8_a_signature_tells_whose_it_is(attributes: bool, key: object, algorithm: object) -> None:
    person = certified("Aigul", OFFICE, serial="IIN850101400001", key=key)
    assert signer(person.sign(CONTENT, algorithm, attributes)) == "aigul"


def test_A8_a_signature_names_its_certificate_by_the_key() -> None:
    # given a signature whose entry names its signer by the key, not by issuer and number (RFC 5652, 5.3)
    person = certified("Aigul", OFFICE, serial="IIN850101400001", key_named=True)
    signed = cms.ContentInfo.load(person.sign(CONTENT))
    info = signed["content"]["signer_infos"][0]
    name = x509.SubjectKeyIdentifier.from_public_key(person.key.public_key()).digest
    info["sid"] = cms.SignerIdentifier({"subject_key_identifier": name})
    # and certificates above that say nothing of their keys, the first in the file
    given = sorted(signed["content"]["certificates"], key=lambda one: one.dump() == _der(person))
    signed["content"]["certificates"] = given
    assert signer(signed.dump(force=True)) == "aigul"
    info["sid"] = cms.SignerIdentifier({"subject_key_identifier": b"another"})
    assert why(signed.dump(force=True)) == "signature_not_cms"


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (lambda told: told.__setitem__("version", 5), "signature_not_cms"),
        (lambda told: told["extensions"].append(told["extensions"][0]), "certificate_not_trusted"),
    ],
)
def test_A8_a_certificate_that_breaks_its_standard(spoilt: Callable[[Any], None], code: str) -> None:
    signed = cms.ContentInfo.load(AIGUL.sign(CONTENT))
    for one in signed["content"]["certificates"]:
        if one.dump() == _der(AIGUL):
            spoilt(one.chosen["tbs_certificate"])
    assert why(signed.dump(force=True)) == code


def _der(one: Certified) -> bytes:
    return one.certificate.public_bytes(serialization.Encoding.DER)


def test_A8_an_authority_in_between_may_be_the_one_that_is_trusted() -> None:
    assert signatures(OFFICE).verify(CONTENT, AIGUL.sign(CONTENT), AT) is not None


def test_a_signature_in_pem() -> None:
    der = AIGUL.sign(CONTENT)
    import base64

    text = b"-----BEGIN CMS-----\n" + base64.encodebytes(der) + b"-----END CMS-----\n"
    assert signer(text) == "aigul"


def test_A8_of_something_else() -> None:
    assert signer(AIGUL.sign(CONTENT), b"another challenge") is None
    assert signer(AIGUL.sign(CONTENT, attributes=False), b"another challenge") is None


def test_A8_a_certificate_that_was_not_in_force() -> None:
    signature = AIGUL.sign(CONTENT)
    assert signer(signature, at=datetime(2024, 12, 31, tzinfo=UTC)) is None
    assert signer(signature, at=datetime(2027, 1, 2, tzinfo=UTC)) is None
    short = certified("Short", ROOT, authority=True, days=30)
    assert signer(certified("Aigul", short, serial="IIN850101400001").sign(CONTENT)) is None


def test_A8_an_authority_that_is_not_ours() -> None:
    other = certified("Root", authority=True)
    assert signer(certified("Aigul", other, serial="IIN850101400001").sign(CONTENT)) is None
    assert signer(certified("Aigul", serial="IIN850101400001").sign(CONTENT)) is None


def test_A8_a_person_is_no_authority() -> None:
    assert signer(certified("Mallory", AIGUL, serial="IIN850101400001").sign(CONTENT)) is None


def test_A8_an_authority_signs_no_papers_and_a_key_for_secrets_neither() -> None:
    own = certified("Office 2", ROOT, authority=True, serial="IIN850101400001")
    assert signer(own.sign(CONTENT)) is None
    secret = certified("Aigul", OFFICE, serial="IIN850101400001", signs=False)
    assert signer(secret.sign(CONTENT)) is None


def test_A8_nobody_of_ours() -> None:
    assert signer(certified("Stranger", OFFICE, serial="IIN900101400001").sign(CONTENT)) is None
    assert signer(certified("Nobody", OFFICE).sign(CONTENT)) is None


def test_S000_06_a_certificate_names_its_person() -> None:
    person = certified("СЕРІК АЙГҮЛ БЕК", OFFICE, serial="IIN850612412102", given="ЕРЛАНҚЫЗЫ")
    found = signatures().person(CONTENT, person.sign(CONTENT), AT)
    assert found == PersonalData("850612412102", "СЕРІК", "АЙГҮЛ БЕК", "ЕРЛАНҚЫЗЫ", "")
    with pytest.raises(SignatureOfOtherText):
        signatures().person(b"another", person.sign(CONTENT), AT)
    for serial in ("BIN120240000013", "IIN85061241210", ""):
        nobody = certified("Nobody", OFFICE, serial=serial)
        with pytest.raises(SignerUnknown):
            signatures().person(CONTENT, nobody.sign(CONTENT), AT)


def test_an_issuer_without_its_certificate_leads_nowhere() -> None:
    assert signer(AIGUL._replace(above=()).sign(CONTENT)) is None


def test_a_chain_has_an_end() -> None:
    link = ROOT
    for number in range(6):
        link = certified(f"Authority {number}", link, authority=True)
    assert signer(certified("Aigul", link, serial="IIN850101400001").sign(CONTENT)) is None


def test_a_small_rsa_key_does_not_sign() -> None:
    person = certified("Aigul", OFFICE, serial="IIN850101400001", key=rsa_key(1024))
    assert signer(person.sign(CONTENT)) is None


@pytest.mark.parametrize(
    "text", [b"", b"0", b"\x30\x80", b"not a signature", b"-----BEGIN CMS-----", b"\x00" * LARGEST]
)
def test_what_is_no_signature(text: bytes) -> None:
    assert signer(text) is None
    assert signer(AIGUL.sign(CONTENT) + b"\x00" * LARGEST) is None


def test_a_signature_with_one_byte_changed_is_nobodys() -> None:
    rng, signature = random.Random(1), AIGUL.sign(CONTENT)
    for place in rng.sample(range(len(signature)), 200):
        changed = bytearray(signature)
        changed[place] ^= 1 << rng.randrange(8)
        # A byte that is part of no statement, such as a tag's form, may leave the signature as good as it was.
        assert signer(bytes(changed)) in (None, "aigul")
        assert signer(bytes(changed), b"another challenge") is None


def test_A8_an_authority_with_a_new_key_keeps_its_name() -> None:
    new = certified("Root", authority=True)
    young = certified("Aigul", new, serial="IIN850101400001")
    for both in ((ROOT, new), (new, ROOT)):
        assert signatures(*both).verify(CONTENT, AIGUL.sign(CONTENT), AT) is not None
        assert signatures(*both).verify(CONTENT, young.sign(CONTENT), AT) is not None
    with pytest.raises(CertificateNotTrusted):
        signatures(ROOT).verify(CONTENT, young.sign(CONTENT), AT)


def test_S000_06_each_signature_that_does_not_hold_says_why() -> None:
    iin = "IIN850101400001"
    sound = AIGUL.sign(CONTENT)
    for signature in (b"", b"not a signature", b"\x00" * (LARGEST + 1), ROOT.sign(CONTENT)[:500]):
        assert why(signature) == "signature_not_cms"
    assert why(sound, b"another challenge") == "signature_of_other_text"
    assert why(sound, at=datetime(2024, 12, 31, 12, tzinfo=UTC)) == "certificate_not_yet_valid"
    assert why(sound, at=datetime(2027, 1, 2, tzinfo=UTC)) == "certificate_expired"
    other = certified("Root", authority=True)
    assert why(certified("Aigul", other, serial=iin).sign(CONTENT)) == "certificate_not_trusted"
    assert why(AIGUL._replace(above=()).sign(CONTENT)) == "certificate_not_trusted"
    over = certified("Office", ROOT, authority=True, days=30)
    assert why(certified("Aigul", over, serial=iin).sign(CONTENT)) == "certificate_not_trusted"
    secret = certified("Aigul", OFFICE, serial=iin, signs=False)
    assert why(secret.sign(CONTENT)) == "certificate_not_for_signing"
    small = certified("Aigul", OFFICE, serial=iin, key=rsa_key(1024))
    assert why(small.sign(CONTENT)) == "signature_algorithm_unknown"
    assert why(certified("Stranger", OFFICE, serial="IIN900101400001").sign(CONTENT)) == "signer_unknown"
    assert why(certified("Firm", OFFICE, serial="BIN120240000013").sign(CONTENT)) == "signer_unknown"
    with pytest.raises(SignatureUnsound) as refusal:
        signatures().verify(CONTENT, sound, datetime(2027, 1, 2, tzinfo=UTC))
    assert "01.01.2027" in refusal.value.sentence("ru")


def test_A8_whoever_has_not_the_key_is_told_nothing_of_the_certificate() -> None:
    stranger = certified("Stranger", OFFICE, serial="IIN900101400001")
    expired = certified("Aigul", OFFICE, serial="IIN850101400001", days=30)
    for theirs in (AIGUL, stranger, expired, certified("Root", authority=True)):
        assert why(theirs.sign(b"seen elsewhere")) == "signature_of_other_text"
