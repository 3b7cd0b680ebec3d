"""What a report can't be asked for."""

from __future__ import annotations

from typing import ClassVar

from domain.errors import Refusal


class ReportUnknown(Refusal):
    """There is no report of this name."""

    code: ClassVar[str] = "report_unknown"
    texts: ClassVar[dict[str, str]] = {
        "kk": "«{name}» есебі жоқ; бары: {names}.",
        "ru": "Отчёта «{name}» нет; есть: {names}.",
        "en": "There is no report “{name}”; there are: {names}.",
    }


class ParameterForeign(Refusal):
    """The report is not asked for by this."""

    code: ClassVar[str] = "parameter_foreign"
    texts: ClassVar[dict[str, str]] = {
        "kk": "«{report}» есебі «{parameter}» бойынша сұралмайды; оның параметрлері: {parameters}.",
        "ru": "Отчёт «{report}» не запрашивается по «{parameter}»; его параметры: {parameters}.",
        "en": "The report “{report}” is not asked for by “{parameter}”; it has: {parameters}.",
    }


class ParameterMalformed(Refusal):
    """A parameter's value is not of its form."""

    code: ClassVar[str] = "parameter_malformed"
    texts: ClassVar[dict[str, str]] = {
        "kk": "«{parameter}» мәні жарамсыз; мысалы: {example}.",
        "ru": "Недопустимое значение «{parameter}»; пример: {example}.",
        "en": "The value of “{parameter}” is not of its form; an example: {example}.",
    }


class MonthWithoutProgramme(Refusal):
    """No programme runs in the month."""

    code: ClassVar[str] = "month_without_programme"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{month} айында бірде-бір бағдарлама жүрмейді.",
        "ru": "В месяце {month} не действует ни одна программа.",
        "en": "No programme runs in the month {month}.",
    }


class AsOfAhead(Refusal):
    """The views do not hold everything up to there yet, or nobody has recorded so much."""

    code: ClassVar[str] = "as_of_ahead"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Есептің деректері журналдың {position} орнына дейін ғана жиналған.",
        "ru": "Данные отчёта собраны только до позиции журнала {position}.",
        "en": "The report's data go up to the log position {position} only.",
    }


class LogDamaged(Refusal):
    """An event of the log is not what was recorded, so that no time of it can be told."""

    code: ClassVar[str] = "log_damaged"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Журналдағы бір оқиға бүлінген, есеп берілмейді. Оны azyq audit атайды; жүйеге қарайтын адамға айтыңыз.",
        "ru": "Событие журнала повреждено, отчёта нет. Его назовёт azyq audit; сообщите тому, кто сопровождает систему.",
        "en": "An event of the log is damaged: no report. azyq audit names it; tell whoever looks after the system.",
    }
