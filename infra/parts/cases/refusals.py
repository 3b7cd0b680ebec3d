"""What the entrances to cases say no to before a case is asked."""

from __future__ import annotations

from domain.procedures.case_refusals import CaseRefusal


class SignatureInTrialOnly(CaseRefusal):
    """Outside a trial nobody signs in another's name."""

    code = "signature_trial_only"
    texts = {
        "en": "Here nobody signs for you: hand in your own electronic signature.",
        "ru": "Здесь за вас не подписывают: приложите свою электронную подпись.",
        "kk": "Мұнда сіздің атыңыздан қол қойылмайды: өз электрондық қолтаңбаңызды тіркеңіз.",
    }


class PaperUnknown(CaseRefusal):
    """No upload of the caller's has this digest: it was never made, or somebody else made it, or a day is over."""

    code = "paper_unknown"
    texts = {
        "en": "You have uploaded no file {sha256}: upload it first; an upload is kept for a day.",
        "ru": "Вы не загружали файл {sha256}: сначала загрузите его; загрузка хранится сутки.",
        "kk": "Сіз {sha256} файлын жүктемегенсіз: алдымен жүктеңіз; жүктелген файл бір тәулік сақталады.",
    }


class ApplicantMissing(CaseRefusal):
    """Whoever acts as the applicant must be somebody."""

    code = "applicant_missing"
    texts = {
        "en": "Say who the applicant is: --applicant-iin, or --as for an organisation.",
        "ru": "Укажите заявителя: --applicant-iin, или --as для организации.",
        "kk": "Өтініш берушіні көрсетіңіз: --applicant-iin немесе ұйым үшін --as.",
    }


class ServiceNotYours(CaseRefusal):
    """Somebody without a role in the service has no business with its cases."""

    code = "service_not_yours"
    texts = {
        "en": "You have no role in the service “{service}”.",
        "ru": "В услуге «{service}» у вас нет роли.",
        "kk": "«{service}» қызметінде сіздің рөліңіз жоқ.",
    }


class RoleNotYours(CaseRefusal):
    """A list is of the caller's own roles."""

    code = "role_not_yours"
    texts = {
        "en": "The role “{role}” is not yours; yours are: {roles}.",
        "ru": "Роль «{role}» не ваша; ваши: {roles}.",
        "kk": "«{role}» рөлі сіздікі емес; сіздікі: {roles}.",
    }


class PlaceUnknown(CaseRefusal):
    """A page begins where an answer said that the next one does."""

    code = "place_unknown"
    texts = {
        "en": "`after` is what the page before said, unchanged.",
        "ru": "`after` – это то, что сообщила предыдущая страница, без изменений.",
        "kk": "`after` – алдыңғы бет айтқан мән, өзгеріссіз.",
    }
