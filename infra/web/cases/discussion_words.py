"""What the pages of public discussions say, in kk, ru and en (`infra.web.words`)."""

from __future__ import annotations

from collections.abc import Mapping

# By key: kk, ru, en.
DISCUSSION_WORDS: Mapping[str, tuple[str, str, str]] = {
    "discussions": ("Жария талқылаулар", "Публичные обсуждения", "Public discussions"),
    "discussions_none": (
        "Қазір талқыланып жатқан жоба жоқ.",
        "Сейчас проектов на обсуждении нет.",
        "No draft is under discussion now.",
    ),
    "discussions_open": ("Талқыланып жатыр", "Обсуждаются", "Going on"),
    "discussions_over": ("Аяқталды", "Завершены", "Over"),
    "discussion": ("Жария талқылау", "Публичное обсуждение", "Public discussion"),
    "discussion_until": (
        "Ескертулер мен ұсыныстар {time} дейін қабылданады.",
        "Замечания и предложения принимаются до {time}.",
        "Remarks and proposals are taken until {time}.",
    ),
    "discussion_no_end": (
        "Ескертулер мен ұсыныстар қабылданады.",
        "Замечания и предложения принимаются.",
        "Remarks and proposals are taken.",
    ),
    "discussion_ended": (
        "Талқылау {time} аяқталды. Ескертулер бұдан әрі қабылданбайды.",
        "Обсуждение завершилось {time}. Замечания больше не принимаются.",
        "The discussion ended on {time}. Comments are no longer taken.",
    ),
    "discussion_withdrawn": (
        "Талқылау тоқтатылды. Ескертулер бұдан әрі қабылданбайды.",
        "Обсуждение прекращено. Замечания больше не принимаются.",
        "The discussion was ended. Comments are no longer taken.",
    ),
    "discussion_from": ("Орналастырылған күні: {day}", "Размещено {day}", "Placed on {day}"),
    "discussion_number": ("Нөмірі: {number}", "Номер: {number}", "Number: {number}"),
    "discussion_drafter": ("Әзірлеуші: {name}", "Разработчик: {name}", "Drafted by: {name}"),
    "comments_count": (
        "Түскен ескертулер мен ұсыныстар: {count}",
        "Поступило замечаний и предложений: {count}",
        "Remarks and proposals so far: {count}",
    ),
    "the_draft": ("Жоба", "Проект", "The draft"),
    "draft_none": ("Құжат тіркелмеген.", "Документы не приложены.", "No document is attached."),
    "the_report": ("Талқылау туралы есеп", "Отчёт об обсуждении", "Report on the discussion"),
    "report_open": ("Есепті ашу", "Открыть отчёт", "Open the report"),
    "report_not_yet": (
        "Есеп ескертулер қаралған соң осы бетте жарияланады.",
        "Отчёт появится на этой странице, когда замечания будут рассмотрены.",
        "The report will be on this page once the comments have been considered.",
    ),
    "reworked": ("Пысықталған жоба", "Доработанный проект", "The reworked draft"),
    "your_comment": ("Пікіріңіз", "Ваше замечание или предложение", "Your comment"),
    "comment_public": (
        "Мәтін, ал жазсаңыз атыңыз да, талқылау туралы есепте жарияланады. Мәтінге басқа жеке деректерді жазбаңыз.",
        "Текст, а если укажете – и имя, будут опубликованы в отчёте об обсуждении. Не пишите в тексте других личных данных.",
        "The text, and your name if you give it, will be published in the report. Put no other personal data in the text.",
    ),
    "comment_send": ("Жіберу", "Отправить", "Send"),
    "comment_taken": (
        "Рақмет. Пікіріңіз № {number} болып тіркелді.",
        "Спасибо. Ваше замечание записано под № {number}.",
        "Thank you. Your comment is recorded as No. {number}.",
    ),
    "unknown_discussion": (
        "Мұндай жария талқылау жоқ",
        "Такого публичного обсуждения нет",
        "There is no such public discussion",
    ),
    "unknown_discussion_why": (
        "Нөмірін тексеріңіз: талқыланып жатқан жобалар /discussions бетінде.",
        "Проверьте номер: проекты на обсуждении – на странице /discussions.",
        "Check the number: drafts under discussion are on the page /discussions.",
    ),
    "too_many_comments": ("Тым көп ескерту", "Слишком много замечаний", "Too many comments"),
    "too_many_comments_why": (
        "Сіздің мекенжайыңыздан тым көп ескерту келді. Бір сағаттан кейін қайталаңыз.",
        "С Вашего адреса поступило слишком много замечаний. Повторите через час.",
        "Too many comments came from your address. Try again in an hour.",
    ),
}
