"""Why a member of staff isn't let in, or can't be enrolled. Codes are stable; sentences are for clerks."""

from __future__ import annotations

from domain.errors import Refusal


class StaffKeyUnknown(Refusal):
    """The key is of no member of staff."""

    code = "staff_key_unknown"
    texts = {
        "en": "The key is not known. Ask for one: azyq staff enrol.",
        "ru": "Ключ неизвестен. Попросите выдать ключ: azyq staff enrol.",
        "kk": "Кілт белгісіз. Кілт сұраңыз: azyq staff enrol.",
    }


class StaffKeyOver(Refusal):
    """A key is good for a year, an old one for 24 hours after the rotation."""

    code = "staff_key_expired"
    texts = {
        "en": "The key has expired. Ask for a new one: azyq staff key.",
        "ru": "Срок ключа истёк. Попросите новый: azyq staff key.",
        "kk": "Кілттің мерзімі өтті. Жаңасын сұраңыз: azyq staff key.",
    }


class StaffRevoked(Refusal):
    """The member of staff was revoked: at once and for good."""

    code = "staff_revoked"
    texts = {
        "en": "This access has been revoked. It can't be used any more.",
        "ru": "Этот доступ отозван. Пользоваться им больше нельзя.",
        "kk": "Бұл рұқсат қайтарып алынған. Оны енді пайдалануға болмайды.",
    }


class StaffOfOtherEnvironment(Refusal):
    """A trial key doesn't touch production, nor the other way round."""

    code = "staff_key_of_other_environment"
    texts = {
        "en": "This key is for another installation: trial keys do not work in production, nor the other way round.",
        "ru": "Этот ключ от другой установки: пробные ключи не работают в рабочей системе, и наоборот.",
        "kk": "Бұл кілт басқа орнатуға арналған: сынақ кілттері жұмыс жүйесінде істемейді, керісінше де солай.",
    }


class StaffUnknown(Refusal):
    """There is no member of staff with this id."""

    code = "staff_unknown"
    texts = {
        "en": "There is no member of staff “{staff}”.",
        "ru": "Сотрудника «{staff}» нет.",
        "kk": "«{staff}» қызметкері жоқ.",
    }


class StaffKnown(Refusal):
    """The id is somebody's already."""

    code = "staff_known"
    texts = {
        "en": "“{staff}” is enrolled already. Another key: azyq staff key {staff}.",
        "ru": "«{staff}» уже есть. Другой ключ: azyq staff key {staff}.",
        "kk": "«{staff}» бұрыннан бар. Басқа кілт: azyq staff key {staff}.",
    }


class StaffIdMalformed(Refusal):
    """An id is what logs and events show: no name, no number of a person."""

    code = "staff_id_malformed"
    texts = {
        "en": "An id has 2 to 40 characters: small Latin letters, digits, dots and hyphens, a letter first.",
        "ru": "Идентификатор: от 2 до 40 знаков, строчные латинские буквы, цифры, точки и дефисы, первой буква.",
        "kk": "Идентификатор: 2-ден 40-қа дейін таңба, кіші латын әріптері, цифрлар, нүкте, дефис, басы әріп.",
    }


class StaffIdentified(Refusal):
    """An id in the log is one person's, for good."""

    code = "staff_identified"
    texts = {
        "en": "“{staff}” is another person already. Revoke it and enrol an id of this person's own.",
        "ru": "«{staff}» – это уже другое лицо. Отзовите его и заведите отдельный идентификатор.",
        "kk": "«{staff}» – бұл басқа адам. Оны қайтарып алып, осы адамға бөлек идентификатор ашыңыз.",
    }


class SubjectTaken(Refusal):
    """One person is one member of staff: else one person could sign as two."""

    code = "subject_taken"
    texts = {
        "en": "This person is “{staff}” already. One person has one id; other roles: azyq staff change {staff}.",
        "ru": "Это лицо уже «{staff}». У лица один идентификатор; другие роли: azyq staff change {staff}.",
        "kk": "Бұл адам «{staff}» болып бар. Бір адамға бір идентификатор; басқа рөлдер: azyq staff change {staff}.",
    }


class RoleUnknown(Refusal):
    """No service has the role, or nobody can be enrolled for it."""

    code = "role_unknown"
    texts = {
        "en": "No service has the role “{role}”. There are: {roles}.",
        "ru": "Роли «{role}» нет ни в одной услуге. Есть: {roles}.",
        "kk": "«{role}» рөлі ешбір қызметте жоқ. Бары: {roles}.",
    }


class UnitUnknown(Refusal):
    """No service has the unit."""

    code = "unit_unknown"
    texts = {
        "en": "No service has the unit “{unit}”. There are: {units}.",
        "ru": "Подразделения «{unit}» нет ни в одной услуге. Есть: {units}.",
        "kk": "«{unit}» бөлімшесі ешбір қызметте жоқ. Бары: {units}.",
    }
