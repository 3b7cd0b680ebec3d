"""The folder of authorities: certificates that are trusted, and those taken back (A8, RFC 5280, 3 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from structlog.testing import capture_logs

from domain.errors import LANGUAGES
from domain.signature_refusals import SignatureUnsound
from infra.signatures.authorities import Revocations, load_authorities
from infra.signatures.cms import CmsSignatures
from tests.certificates import Certified, certified, revoked

ROOT = certified("Root", authority=True)
OFFICE = certified("Office", ROOT, authority=True)
AIGUL = certified("Aigul", OFFICE, serial="IIN850101400001")
BERIK = certified("Berik", OFFICE, serial="IIN900101300002")
PEOPLE = {"IIN850101400001": "aigul", "IIN900101300002": "berik"}
AT = datetime(2025, 8, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER


def put(
    folder: Path, name: str, one: x509.CertificateRevocationList, encoding: serialization.Encoding = PEM
) -> None:
    (folder / name).write_bytes(one.public_bytes(encoding))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of authorities: the root."""
    (tmp_path / "root.pem").write_bytes(ROOT.certificate.public_bytes(PEM))
    return tmp_path


@pytest.fixture
def signatures(folder: Path) -> CmsSignatures:
    return signatures_of(folder)


def signatures_of(folder: Path) -> CmsSignatures:
    authorities = load_authorities(folder)
    return CmsSignatures(authorities, PEOPLE.get, Revocations(folder, authorities))


def signer(signatures: CmsSignatures, signature: bytes, at: datetime = AT) -> str:
    """Who signed; or the code and, in English, the sentence of the refusal."""
    try:
        return signatures.verify(b"challenge", signature, at).actor
    except SignatureUnsound as found:
        refusal = found
    assert len({refusal.sentence(language) for language in LANGUAGES}) == 3
    return f"{refusal.code}: {refusal.sentence('en')}"


def test_authorities_are_files(tmp_path: Path) -> None:
    for name, encoding in (("a.pem", PEM), ("b.der", DER)):
        (tmp_path / name).write_bytes(ROOT.certificate.public_bytes(encoding))
    (tmp_path / "..data").mkdir()
    (tmp_path / ".DS_Store").write_text("hello")
    put(tmp_path, "root.crl", revoked(ROOT))
    assert load_authorities(tmp_path) == [ROOT.certificate, ROOT.certificate]
    (tmp_path / "c.txt").write_text("hello")
    with pytest.raises(ValueError, match=r"c\.txt is no X\.509 certificate"):
        load_authorities(tmp_path)


def test_a_folder_without_authorities_is_told(tmp_path: Path) -> None:
    put(tmp_path, "root.crl", revoked(ROOT))
    with pytest.raises(ValueError, match="has no certificate of an authority"):
        load_authorities(tmp_path)


@pytest.mark.parametrize("encoding", [PEM, DER])
def test_A8_a_certificate_that_was_revoked_signs_nothing_from_then_on(
    folder: Path, signatures: CmsSignatures, encoding: serialization.Encoding
) -> None:
    # given two who may sign
    ours, theirs = AIGUL.sign(b"challenge"), BERIK.sign(b"challenge")
    assert signer(signatures, ours) == "aigul"
    # when the authority takes the certificate of one of them back, and its list comes while we are at work
    put(folder, "office.crl", revoked(OFFICE, (AIGUL, AT - DAY), since=AT - DAY), encoding)
    # then that one signs no more, and is told; what was signed before holds, and so does the other's
    assert signer(signatures, ours).startswith(
        "certificate_revoked: The certificate was revoked on 31.07.2025."
    )
    assert signer(signatures, ours, AT - 2 * DAY) == "aigul"
    assert signer(signatures, theirs) == "berik"


def test_A8_what_an_authority_in_between_issued_falls_with_it(
    folder: Path, signatures: CmsSignatures
) -> None:
    put(folder, "root.crl", revoked(ROOT, (OFFICE, AT - DAY), since=AT - DAY))
    assert signer(signatures, AIGUL.sign(b"challenge")).startswith("certificate_revoked")


def test_A8_where_the_list_is_over_nobody_is_let_in_until_the_next_one_comes(
    folder: Path, signatures: CmsSignatures
) -> None:
    ours = AIGUL.sign(b"challenge")
    put(folder, "office.crl", revoked(OFFICE, since=AT - 8 * DAY))
    with capture_logs() as logged:
        assert signer(signatures, ours).startswith("revocations_over: ")
    assert [(line["event"], line["issuer"]) for line in logged] == [("revocations_over", "CN=Office")]
    assert signer(signatures, ours, AT - 2 * DAY) == "aigul"
    put(folder, "office-2.crl", revoked(OFFICE, since=AT - DAY))
    assert signer(signatures, ours) == "aigul"


def test_A8_a_list_that_the_authority_did_not_sign_says_nothing(
    folder: Path, signatures: CmsSignatures
) -> None:
    other = certified("Office", ROOT, authority=True)
    put(folder, "office.crl", revoked(other, (AIGUL, AT - DAY), since=AT - DAY))
    assert signer(signatures, AIGUL.sign(b"challenge")) == "aigul"


def cut(content: bytes) -> bytes:
    return content[:100]


def of_no_version(content: bytes) -> bytes:
    told = crl.CertificateList.load(content)
    told["tbs_cert_list"]["version"] = 5
    return told.dump(force=True)


def said_twice(content: bytes) -> bytes:
    told = crl.CertificateList.load(content)
    number = crl.TBSCertListExtension({"extn_id": "crl_number", "extn_value": 1})
    told["tbs_cert_list"]["crl_extensions"] = [number, number]
    return told.dump(force=True)


@pytest.mark.parametrize("broken", [cut, of_no_version, said_twice])
def test_a_list_that_came_broken_leaves_the_one_before_in_force(
    folder: Path, signatures: CmsSignatures, broken: Callable[[bytes], bytes]
) -> None:
    ours = AIGUL.sign(b"challenge")
    put(folder, "office.crl", revoked(OFFICE, (AIGUL, AT - DAY), since=AT - DAY), DER)
    assert signer(signatures, ours).startswith("certificate_revoked")
    (folder / "office.crl").write_bytes(broken((folder / "office.crl").read_bytes()))
    with capture_logs() as logged:
        assert signer(signatures, ours).startswith("certificate_revoked")
    assert [(line["event"], line["file"]) for line in logged] == [("revocations_unreadable", "office.crl")]
    # and at a start the operator is told which file it is
    with pytest.raises(ValueError, match=r"office\.crl"):
        signatures_of(folder)


def test_A8_an_authority_that_breaks_its_standard_is_told_at_the_start(folder: Path) -> None:
    told = asn1_x509.Certificate.load(OFFICE.certificate.public_bytes(DER))
    told["tbs_certificate"]["extensions"].append(told["tbs_certificate"]["extensions"][0])
    (folder / "office.der").write_bytes(told.dump(force=True))
    with pytest.raises(ValueError, match=r"office\.der"):
        load_authorities(folder)


def test_a_list_that_is_taken_away_is_asked_no_more(folder: Path, signatures: CmsSignatures) -> None:
    put(folder, "office.crl", revoked(OFFICE, (AIGUL, AT - DAY), since=AT - DAY))
    assert signer(signatures, AIGUL.sign(b"challenge")).startswith("certificate_revoked")
    (folder / "office.crl").unlink()
    with capture_logs() as logged:
        assert signer(signatures, AIGUL.sign(b"challenge")) == "aigul"
    assert [(line["event"], line["file"]) for line in logged] == [("revocations_gone", "office.crl")]


def test_A8_a_trusted_authority_that_was_revoked_is_trusted_no_more(folder: Path) -> None:
    # given the authority in between in the folder beside the root, as an operator would put it
    (folder / "office.pem").write_bytes(OFFICE.certificate.public_bytes(PEM))
    signatures, ours = signatures_of(folder), AIGUL.sign(b"challenge")
    assert signer(signatures, ours) == "aigul"
    put(folder, "root.crl", revoked(ROOT, (OFFICE, AT - DAY), since=AT - DAY))
    assert signer(signatures, ours).startswith("certificate_revoked")


def test_A8_a_file_may_hold_certificates_and_several_lists(folder: Path) -> None:
    lists = (revoked(ROOT, since=AT - DAY), revoked(OFFICE, (AIGUL, AT - DAY), since=AT - DAY))
    files = [ROOT.certificate.public_bytes(PEM), *(one.public_bytes(PEM) for one in lists)]
    (folder / "root.pem").write_bytes(b"".join(files))
    assert signer(signatures_of(folder), AIGUL.sign(b"challenge")).startswith("certificate_revoked")


def test_A8_where_the_folder_is_away_what_was_known_holds(folder: Path, signatures: CmsSignatures) -> None:
    ours = AIGUL.sign(b"challenge")
    put(folder, "office.crl", revoked(OFFICE, (AIGUL, AT - DAY), since=AT - DAY))
    assert signer(signatures, ours).startswith("certificate_revoked")
    folder.rename(folder.with_name("away"))
    with capture_logs() as logged:
        assert signer(signatures, ours).startswith("certificate_revoked")
    assert logged[0]["event"] == "revocations_unreadable"
    # and when it is back with half a file, too
    folder.with_name("away").rename(folder)
    (folder / "office.crl").write_bytes(b"-----BEGIN X509 CRL")
    assert signer(signatures, ours).startswith("certificate_revoked")


def a_part(*, indirect: bool = False, of_authorities: bool = False) -> x509.IssuingDistributionPoint:
    """What a list says of itself that has only some of the certificates."""
    return x509.IssuingDistributionPoint(None, None, False, of_authorities, None, indirect, False)


@pytest.mark.parametrize(
    ("critical", "since"),
    [
        (x509.DeltaCRLIndicator(1), AT - DAY),
        (a_part(of_authorities=True), AT - DAY),
        (a_part(indirect=True), AT - DAY),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x"), AT - DAY),
        (None, AT + DAY),
    ],
    ids=["changes only", "of authorities only", "of other authorities", "not known", "of the future"],
)
def test_A8_a_list_that_is_over_is_not_hidden_by_one_of_another_kind(
    folder: Path, signatures: CmsSignatures, critical: x509.ExtensionType | None, since: datetime
) -> None:
    put(folder, "office.crl", revoked(OFFICE, since=AT - 8 * DAY))
    put(folder, "other.crl", revoked(OFFICE, since=since, critical=critical))
    assert signer(signatures, AIGUL.sign(b"challenge")).startswith("revocations_over")


def test_A8_a_list_that_the_authority_did_not_sign_hides_none_that_is_over(
    folder: Path, signatures: CmsSignatures
) -> None:
    put(folder, "office.crl", revoked(OFFICE, since=AT - 8 * DAY))
    put(folder, "other.crl", revoked(certified("Office", ROOT, authority=True), since=AT - DAY))
    assert signer(signatures, AIGUL.sign(b"challenge")).startswith("revocations_over")


def test_A8_the_last_list_counts_alone(folder: Path, signatures: CmsSignatures) -> None:
    # given a certificate that was put on hold, and given back
    put(folder, "1.crl", revoked(OFFICE, (AIGUL, AT - 3 * DAY), since=AT - 3 * DAY))
    put(folder, "2.crl", revoked(OFFICE, since=AT - DAY))
    assert signer(signatures, AIGUL.sign(b"challenge")) == "aigul"
    assert signer(signatures, AIGUL.sign(b"challenge"), AT - 2 * DAY).startswith("certificate_revoked")


def test_A8_an_authority_lists_certificates_of_its_old_key_by_the_new_one(folder: Path) -> None:
    new = certified("Root", authority=True)
    (folder / "root-2.pem").write_bytes(new.certificate.public_bytes(PEM))
    person = certified("Aigul", ROOT, serial="IIN850101400001")
    signatures, ours = signatures_of(folder), person.sign(b"challenge")
    put(folder, "old.crl", revoked(ROOT, since=AT - 8 * DAY))
    assert signer(signatures, ours).startswith("revocations_over")
    put(folder, "new.crl", revoked(new, since=AT - DAY))
    assert signer(signatures, ours) == "aigul"
    put(folder, "new.crl", revoked(new, (person, AT - DAY), since=AT - DAY))
    assert signer(signatures, ours).startswith("certificate_revoked")


def test_A8_an_authority_that_may_not_make_lists_makes_none(folder: Path, signatures: CmsSignatures) -> None:
    office = certified("Office", ROOT, authority=True, lists=False)
    person = certified("Aigul", office, serial="IIN850101400001")
    put(folder, "office.crl", revoked(office, (person, AT - DAY), since=AT - DAY))
    assert signer(signatures, person.sign(b"challenge")) == "aigul"


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x")


@pytest.mark.parametrize(
    "person",
    [
        certified("Aigul", certified("Office", ROOT, authority=True, issues=False), serial="IIN850101400001"),
        certified(
            "Aigul",
            certified("Branch", certified("Office", ROOT, authority=True, below=0), authority=True),
            serial="IIN850101400001",
        ),
        certified("Aigul", OFFICE, serial="IIN850101400001", critical=UNKNOWN),
        certified(
            "Aigul", certified("Office", ROOT, authority=True, critical=UNKNOWN), serial="IIN850101400001"
        ),
    ],
    ids=["issues none", "too far below", "not known", "not known above"],
)
def test_A8_a_chain_is_held_to_what_its_certificates_say(
    signatures: CmsSignatures, person: Certified
) -> None:
    assert signer(signatures, person.sign(b"challenge")).startswith("certificate_not_trusted")
