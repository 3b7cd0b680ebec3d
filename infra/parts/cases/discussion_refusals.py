"""What public discussions say no to."""

from __future__ import annotations

from domain.procedures.case_refusals import CaseRefusal


class DiscussionUnknown(CaseRefusal):
    """No draft of this number is, or was, up for public discussion."""

    code = "discussion_unknown"
    texts = {
        "en": "There is no public discussion “{case}”.",
        "ru": "Публичного обсуждения «{case}» нет.",
        "kk": "«{case}» жария талқылауы жоқ.",
    }


class DiscussionOver(CaseRefusal):
    """What comes after the end is not considered (S002-04)."""

    code = "discussion_over"
    texts = {
        "en": "The discussion ended on {until}: comments are no longer taken.",
        "ru": "Обсуждение завершилось {until}: замечания больше не принимаются.",
        "kk": "Талқылау {until} аяқталды: ескертулер бұдан әрі қабылданбайды.",
    }


class CommentsTooMany(CaseRefusal):
    """More comments from one address, or on one day, than people write."""

    code = "too_many_requests"
    texts = {
        "en": "Too many comments came from your address. Try again in an hour.",
        "ru": "С Вашего адреса поступило слишком много замечаний. Повторите через час.",
        "kk": "Сіздің мекенжайыңыздан тым көп ескерту келді. Бір сағаттан кейін қайталаңыз.",
    }
