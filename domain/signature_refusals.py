"""Why an electronic signature is not accepted, said so that its signer can mend it (S000-06, A8).

What is said of a certificate or of its holder is said to whoever has its key alone: a signature is proved over the text
before anything else is looked at.
"""

from __future__ import annotations

from domain.errors import Refusal


class SignatureUnsound(Refusal):
    """A signature that proves nothing; its kinds say why."""

    code = "signature_invalid"
    texts = {
        "en": "The electronic signature doesn't hold.",
        "ru": "Электронная подпись недействительна.",
        "kk": "Электрондық қолтаңба жарамсыз.",
    }


class SignatureNotCms(SignatureUnsound):
    """What came is no detached CMS signature with its certificate."""

    code = "signature_not_cms"
    texts = {
        "en": "This is no electronic signature as is wanted here: CMS (PKCS #7), detached from the text, of one signer,"
        " with the certificate in it.",
        "ru": "Это не электронная подпись нужного вида: CMS (PKCS #7), отсоединённая от текста, одного подписавшего, с"
        " сертификатом внутри.",
        "kk": "Бұл қажетті түрдегі электрондық қолтаңба емес: CMS (PKCS #7), мәтіннен бөлек, бір адамдікі, ішінде"
        " сертификаты бар.",
    }


class SignatureAlgorithmUnknown(SignatureUnsound):
    """An algorithm, or a length of key, that is not accepted."""

    code = "signature_algorithm_unknown"
    texts = {
        "en": "The signature is made by an algorithm that is not accepted here. Use a key of RSA (2048 bits at least) or of"
        " an elliptic curve, with SHA-2.",
        "ru": "Подпись сделана алгоритмом, который здесь не принимается. Нужен ключ RSA (не короче 2048 бит) или"
        " эллиптической кривой с SHA-2.",
        "kk": "Қолтаңба мұнда қабылданбайтын алгоритммен қойылған. RSA (кемінде 2048 бит) немесе эллипстік қисық кілті,"
        " SHA-2 керек.",
    }


class SignatureOfOtherText(SignatureUnsound):
    """The signature is over something else, or was altered."""

    code = "signature_of_other_text"
    texts = {
        "en": "The signature is over another text than is signed here, or was altered. Sign exactly what is offered,"
        " unchanged.",
        "ru": "Подпись стоит под другим текстом, чем подписывается здесь, или повреждена. Подпишите без изменений именно то,"
        " что предложено.",
        "kk": "Қолтаңба мұнда қол қойылатын мәтінге емес, басқасына қойылған немесе бүлінген. Ұсынылғанның өзіне,"
        " өзгертпей қол қойыңыз.",
    }


class CertificateNotForSigning(SignatureUnsound):
    """A certificate of an authority, or for secrecy, signs no papers."""

    code = "certificate_not_for_signing"
    texts = {
        "en": "This certificate is not meant for signing. Take the key for signatures, not the one for authentication.",
        "ru": "Этот сертификат не предназначен для подписи. Возьмите ключ для подписи, а не для аутентификации.",
        "kk": "Бұл сертификат қол қоюға арналмаған. Аутентификация кілтін емес, қол қою кілтін алыңыз.",
    }


class CertificateNotYetValid(SignatureUnsound):
    """The certificate begins later."""

    code = "certificate_not_yet_valid"
    texts = {
        "en": "The certificate is not in force yet: it begins on {day}.",
        "ru": "Сертификат ещё не действует: он начинается {day}.",
        "kk": "Сертификат әлі күшіне енген жоқ: {day} басталады.",
    }


class CertificateExpired(SignatureUnsound):
    """The certificate has ended."""

    code = "certificate_expired"
    texts = {
        "en": "The certificate expired on {day}. Sign by one that is in force.",
        "ru": "Срок сертификата истёк {day}. Подпишите действующим.",
        "kk": "Сертификаттың мерзімі {day} бітті. Күшіндегі сертификатпен қол қойыңыз.",
    }


class CertificateRevoked(SignatureUnsound):
    """The authority took the certificate, or one above it, back (RFC 5280, 5)."""

    code = "certificate_revoked"
    texts = {
        "en": "The certificate was revoked on {day}. Sign by one that is in force.",
        "ru": "Сертификат отозван {day}. Подпишите действующим.",
        "kk": "Сертификат {day} қайтарып алынды. Күшіндегі сертификатпен қол қойыңыз.",
    }


class RevocationsOver(SignatureUnsound):
    """Whether the certificate was taken back is not known: the authority's list of such is older than it may be."""

    code = "revocations_over"
    texts = {
        "en": "No certificate of this authority can be accepted at this moment: its list of revoked certificates was good"
        " until {day}. Tell whoever looks after the system.",
        "ru": "Сейчас нельзя принять ни один сертификат этого удостоверяющего центра: его список отозванных сертификатов"
        " действовал до {day}. Сообщите тому, кто сопровождает систему.",
        "kk": "Қазір бұл куәландыру орталығының бірде-бір сертификатын қабылдау мүмкін емес: оның қайтарып алынған"
        " сертификаттар тізімі {day} дейін жарамды болды. Жүйеге қарайтын адамға айтыңыз.",
    }


class CertificateNotTrusted(SignatureUnsound):
    """No chain in force leads to an authority of the installation's."""

    code = "certificate_not_trusted"
    texts = {
        "en": "The certificate was not issued by an authority that is trusted here, or the certificates between are missing"
        " or over.",
        "ru": "Сертификат выдан не тем удостоверяющим центром, которому здесь доверяют, либо промежуточные сертификаты"
        " отсутствуют или истекли.",
        "kk": "Сертификатты мұнда сенімді куәландыру орталығы бермеген не аралық сертификаттар жоқ немесе мерзімі өткен.",
    }


class SignerUnknown(SignatureUnsound):
    """A sound signature by somebody of whom nothing is known here, or by no person."""

    code = "signer_unknown"
    texts = {
        "en": "The signature is sound, but nobody here is known by this certificate. For staff it must be made known first:"
        " azyq staff identify.",
        "ru": "Подпись верна, но по этому сертификату здесь никто не известен. Сертификат сотрудника сначала должен быть"
        " известен: azyq staff identify.",
        "kk": "Қолтаңба дұрыс, бірақ бұл сертификат бойынша мұнда ешкім белгілі емес. Қызметкердің сертификаты алдымен"
        " белгілі болуы керек: azyq staff identify.",
    }
