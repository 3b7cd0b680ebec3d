"""What the rules of a case say no to. Codes are stable; sentences are for clerks and applicants."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import Refusal
from domain.signature_refusals import SignatureUnsound
from domain.voucher_refusals import KeyReused


class CaseRefusal(Refusal):
    """A refusal whose details may be names by language, such as a step's."""

    texts = {"en": "Refused.", "ru": "Отказано.", "kk": "Бас тартылды."}

    def sentence(self, language: str) -> str:
        """The reason in `language` (kk, ru or en), with names in that language."""
        details = {
            name: value.get(language) or value.get("en", "") if isinstance(value, Mapping) else value
            for name, value in self.details.items()
        }
        return self.texts.get(language, self.texts["en"]).format(**details)


class ServiceUnknown(CaseRefusal):
    """No service file has this id."""

    code = "service_unknown"
    texts = {
        "en": "There is no service “{service}”.",
        "ru": "Услуги «{service}» нет.",
        "kk": "«{service}» қызметі жоқ.",
    }


class ServiceNotInForce(CaseRefusal):
    """No version of the service is in force on the day (S000-05, S002-08)."""

    code = "service_not_in_force"
    texts = {
        "en": "The service “{service}” is not in force on {day}.",
        "ru": "Услуга «{service}» на {day} не действует.",
        "kk": "«{service}» қызметі {day} күні күшінде емес.",
    }


class ServiceVersionChanged(CaseRefusal):
    """The file says something else than the version of this number that the log has."""

    code = "service_version_changed"
    texts = {
        "en": "Version {version} of “{service}” was published with another text: give the changed file a new version.",
        "ru": "Версия {version} услуги «{service}» опубликована с другим текстом: дайте файлу новую версию.",
        "kk": "«{service}» қызметінің {version} нұсқасы басқа мәтінмен жарияланған: файлға жаңа нұсқа беріңіз.",
    }


class CaseUnknown(CaseRefusal):
    """No case has this number."""

    code = "case_unknown"
    texts = {
        "en": "There is no case “{case}”.",
        "ru": "Дела «{case}» нет.",
        "kk": "«{case}» ісі жоқ.",
    }


class CaseClosed(CaseRefusal):
    """The case has ended: nobody acts on it any more."""

    code = "case_closed"
    texts = {
        "en": "The case {case} is closed: nothing can be done on it any more.",
        "ru": "Дело {case} закрыто: действий по нему больше нет.",
        "kk": "{case} ісі жабылды: ол бойынша әрекет енді жасалмайды.",
    }


class ChannelUnknown(CaseRefusal):
    """The service takes no applications through this channel (S000-03, S002-13)."""

    code = "channel_unknown"
    texts = {
        "en": "Applications for this service are not taken through “{channel}”. Channels: {channels}.",
        "ru": "Заявления на эту услугу через «{channel}» не принимаются. Каналы: {channels}.",
        "kk": "Бұл қызметке өтініш «{channel}» арқылы қабылданбайды. Арналар: {channels}.",
    }


class KindUnknown(CaseRefusal):
    """The service has no such kind of request."""

    code = "kind_unknown"
    texts = {
        "en": "The service has no kind of request “{kind}”. Kinds: {kinds}.",
        "ru": "Вида заявления «{kind}» у услуги нет. Виды: {kinds}.",
        "kk": "Қызметте «{kind}» өтініш түрі жоқ. Түрлері: {kinds}.",
    }


class KindNotOpen(CaseRefusal):
    """By what is known of the applicant this kind of request can't be made (S003-A04)."""

    code = "kind_not_open"
    texts = {
        "en": "By what was given, a request of the kind “{kind}” can't be made.",
        "ru": "По представленным сведениям заявление вида «{kind}» подать нельзя.",
        "kk": "Берілген мәліметтер бойынша «{kind}» түріндегі өтініш берілмейді.",
    }


class ConsentMissing(CaseRefusal):
    """Protected data are used only with consent (S002-21, S003-07)."""

    code = "consent_missing"
    texts = {
        "en": "Without consent to the use of legally protected data the application can't be taken.",
        "ru": "Без согласия на использование охраняемых законом сведений заявление принять нельзя.",
        "kk": "Заңмен қорғалатын мәліметтерді пайдалануға келісімсіз өтініш қабылданбайды.",
    }


class FieldUnknown(CaseRefusal):
    """Nobody asked for this."""

    code = "field_unknown"
    texts = {
        "en": "“{name}” is not asked for here.",
        "ru": "«{name}» здесь не запрашивается.",
        "kk": "«{name}» мұнда сұралмайды.",
    }


class FieldMissing(CaseRefusal):
    """Something required was left out (S002-20)."""

    code = "field_missing"
    texts = {
        "en": "“{name}” is missing.",
        "ru": "Не указано: «{name}».",
        "kk": "«{name}» көрсетілмеген.",
    }


class FieldMalformed(CaseRefusal):
    """The value is not what the field holds."""

    code = "field_malformed"
    texts = {
        "en": "“{name}” must be {expected}.",
        "ru": "«{name}»: ожидается {expected}.",
        "kk": "«{name}»: {expected} болуы керек.",
    }


class DocumentUnknown(CaseRefusal):
    """Nobody asked for this document."""

    code = "document_unknown"
    texts = {
        "en": "The document “{name}” is not asked for here.",
        "ru": "Документ «{name}» здесь не запрашивается.",
        "kk": "«{name}» құжаты мұнда сұралмайды.",
    }


class DocumentMissing(CaseRefusal):
    """A required document was left out (S002-20, S003-07)."""

    code = "document_missing"
    texts = {
        "en": "The document “{name}” is missing.",
        "ru": "Нет документа «{name}».",
        "kk": "«{name}» құжаты жоқ.",
    }


class DocumentEmpty(CaseRefusal):
    """A file without content."""

    code = "document_empty"
    texts = {
        "en": "The file of “{name}” is empty.",
        "ru": "Файл «{name}» пуст.",
        "kk": "«{name}» файлы бос.",
    }


class DocumentTooLarge(CaseRefusal):
    """A file larger than is kept."""

    code = "document_too_large"
    texts = {
        "en": "The file of “{name}” is larger than {megabytes} MB.",
        "ru": "Файл «{name}» больше {megabytes} МБ.",
        "kk": "«{name}» файлы {megabytes} МБ-тан үлкен.",
    }


class DocumentWrongType(CaseRefusal):
    """A file of a type that is not kept; told by its content, whatever its name."""

    code = "document_wrong_type"
    texts = {
        "en": "The file of “{name}” is none of PDF, PNG, JPEG, DOCX.",
        "ru": "Файл «{name}» не является PDF, PNG, JPEG или DOCX.",
        "kk": "«{name}» файлы PDF, PNG, JPEG немесе DOCX емес.",
    }


class StepUnknown(CaseRefusal):
    """The service has no such step."""

    code = "step_unknown"
    texts = {
        "en": "The service has no step “{step}”.",
        "ru": "Шага «{step}» у услуги нет.",
        "kk": "Қызметте «{step}» қадамы жоқ.",
    }


class StepNotOpen(CaseRefusal):
    """Out of turn, or twice."""

    code = "step_not_open"
    texts = {
        "en": "It is not the turn of “{step}” (open: {open}).",
        "ru": "Сейчас не очередь шага «{step}» (открыты: {open}).",
        "kk": "«{step}» қадамының кезегі емес (ашық: {open}).",
    }


class NotYourStep(CaseRefusal):
    """The step belongs to another role or unit."""

    code = "not_your_step"
    texts = {
        "en": "“{step}” is done by: {role}.",
        "ru": "Шаг «{step}» выполняет: {role}.",
        "kk": "«{step}» қадамын орындайтын: {role}.",
    }


class NotAssignedToYou(CaseRefusal):
    """Another person was named for the step."""

    code = "not_assigned_to_you"
    texts = {
        "en": "“{step}” is assigned to somebody else.",
        "ru": "Шаг «{step}» поручен другому лицу.",
        "kk": "«{step}» қадамы басқа адамға тапсырылған.",
    }


class SamePerson(CaseRefusal):
    """The two-person rule: who prepared does not sign."""

    code = "same_person"
    texts = {
        "en": "“{step}” must be done by somebody else than “{other}”.",
        "ru": "Шаг «{step}» выполняет не тот, кто выполнил «{other}».",
        "kk": "«{step}» қадамын «{other}» қадамын орындаған адам орындай алмайды.",
    }


class OutcomeUnknown(CaseRefusal):
    """The step has no such outcome."""

    code = "outcome_unknown"
    texts = {
        "en": "“{step}” has no outcome “{outcome}”. Outcomes: {outcomes}.",
        "ru": "У шага «{step}» нет исхода «{outcome}». Исходы: {outcomes}.",
        "kk": "«{step}» қадамында «{outcome}» нәтижесі жоқ. Нәтижелер: {outcomes}.",
    }


class OutcomeNotOpen(CaseRefusal):
    """By what is known of the case this outcome can't be taken."""

    code = "outcome_not_open"
    texts = {
        "en": "By what is known of the case, “{outcome}” can't be taken.",
        "ru": "По материалам дела исход «{outcome}» невозможен.",
        "kk": "Іс материалдары бойынша «{outcome}» нәтижесі мүмкін емес.",
    }


class GroundMissing(CaseRefusal):
    """A refusal names its ground (S002-22, S003-07)."""

    code = "ground_missing"
    texts = {
        "en": "A refusal needs its ground. Grounds: {grounds}.",
        "ru": "Нужно основание отказа. Основания: {grounds}.",
        "kk": "Бас тарту негізі керек. Негіздер: {grounds}.",
    }


class GroundUnknown(CaseRefusal):
    """The list of grounds is closed (S002-22), and only refusals have one."""

    code = "ground_unknown"
    texts = {
        "en": "“{ground}” is no ground here. Grounds: {grounds}.",
        "ru": "Основания «{ground}» здесь нет. Основания: {grounds}.",
        "kk": "Мұнда «{ground}» негізі жоқ. Негіздер: {grounds}.",
    }


class ResultUnknown(CaseRefusal):
    """Nothing of this number was given out, or it stands no longer: there is nothing to end."""

    code = "result_unknown"
    texts = {
        "en": "No paper of the number “{number}” that is in force was given out here.",
        "ru": "Действующего документа с номером «{number}» здесь не выдавалось.",
        "kk": "«{number}» нөмірлі қолданыстағы құжат мұнда берілмеген.",
    }


class AssigneeMissing(CaseRefusal):
    """The outcome names a person for the next steps (S000-L4)."""

    code = "assignee_missing"
    texts = {
        "en": "Name the person who does it: {role}.",
        "ru": "Назовите исполнителя: {role}.",
        "kk": "Орындаушыны атаңыз: {role}.",
    }


class AssigneeNotAsked(CaseRefusal):
    """The outcome names nobody."""

    code = "assignee_not_asked"
    texts = {
        "en": "This outcome assigns nobody.",
        "ru": "Этот исход никого не назначает.",
        "kk": "Бұл нәтиже ешкімді тағайындамайды.",
    }


class SignatureMissing(CaseRefusal):
    """The outcome is under an electronic signature (S000-L6)."""

    code = "signature_missing"
    texts = {
        "en": "An electronic signature is needed.",
        "ru": "Нужна электронная цифровая подпись.",
        "kk": "Электрондық цифрлық қолтаңба керек.",
    }


class SignatureInvalid(SignatureUnsound):
    """The signature is not the actor's, or not of this content."""

    texts = {
        "en": "The electronic signature doesn't hold for this act by this person.",
        "ru": "Электронная подпись не подтверждает это действие этого лица.",
        "kk": "Электрондық қолтаңба осы адамның осы әрекетін растамайды.",
    }


class SignatureOfAnother(CaseRefusal):
    """The signature holds, and is somebody else's than the actor's."""

    code = "signature_of_another"
    texts = {
        "en": "The signature is sound, but by somebody else than who acts here. For staff, the certificate must be made"
        " known first: azyq staff identify.",
        "ru": "Подпись верна, но поставлена не тем, кто здесь действует. Сертификат сотрудника сначала должен быть"
        " известен: azyq staff identify.",
        "kk": "Қолтаңба дұрыс, бірақ оны осында әрекет етуші емес, басқа адам қойған. Қызметкердің сертификаты алдымен"
        " белгілі болуы керек: azyq staff identify.",
    }


class InSittingOnly(CaseRefusal):
    """A group step is done in a sitting (S000-T16)."""

    code = "in_sitting_only"
    texts = {
        "en": "“{step}” is done in a sitting, for all its cases together.",
        "ru": "Шаг «{step}» выполняется на заседании, по всем делам сразу.",
        "kk": "«{step}» қадамы отырыста, барлық істер бойынша бірге орындалады.",
    }


class NotInSitting(CaseRefusal):
    """A step that is no group's can't be done in a sitting (S000-T16)."""

    code = "not_in_sitting"
    texts = {
        "en": "“{step}” is not done in sittings.",
        "ru": "Шаг «{step}» на заседаниях не выполняется.",
        "kk": "«{step}» қадамы отырыстарда орындалмайды.",
    }


class SittingMalformed(CaseRefusal):
    """A sitting decides on cases: each once, and not too many."""

    code = "sitting_malformed"
    texts = {
        "en": "A sitting has members, and from 1 to {most} cases, each once.",
        "ru": "На заседании есть члены и от 1 до {most} дел, каждое один раз.",
        "kk": "Отырыста мүшелер және 1-ден {most}-ға дейін іс болады, әрқайсысы бір рет.",
    }


class NotMayReassign(CaseRefusal):
    """Only who assigns, or whom the step escalates to, names another person."""

    code = "may_not_reassign"
    texts = {
        "en": "“{step}” is given to another person only by who assigns it, or by whom it escalates to.",
        "ru": "Передать шаг «{step}» может только тот, кто его поручает, или тот, кому он передаётся при просрочке.",
        "kk": "«{step}» қадамын тек тапсырушы немесе мерзімі өткенде жіберілетін адам басқаға бере алады.",
    }


class RequestKeyReused(KeyReused):
    """The same idempotency key came with another request or act."""

    texts = {
        "en": "This key was used before for something else.",
        "ru": "Этот ключ уже использован для другого запроса.",
        "kk": "Бұл кілт басқа сұрауға қолданылған.",
    }
