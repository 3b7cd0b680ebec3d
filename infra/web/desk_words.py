"""What the pages behind a sign-in have in common, the analysts' and the office's, in kk, ru and en."""

from __future__ import annotations

from collections.abc import Mapping

# By key: kk, ru, en.
DESK_WORDS: Mapping[str, tuple[str, str, str]] = {
    "skip": ("Негізгі бөлікке өту", "Перейти к содержанию", "Skip to the content"),
    "language": ("Тіл", "Язык", "Language"),
    "show": ("Көрсету", "Показать", "Show"),
    "page_before": ("Алдыңғы", "Назад", "Previous"),
    "sign_in_do": ("Кіру", "Войти", "Sign in"),
    "sign_out": ("Шығу", "Выйти", "Sign out"),
    "sign_in_challenge": ("Қол қойылатын мәтін", "Текст для подписи", "Text to sign"),
    "sign_in_exactly": (
        "Мәтінге соңына жол қоспай, дәл осы күйінде қол қойылады.",
        "Подписывают ровно этот текст, без перевода строки в конце.",
        "Exactly this text is signed, without a line's end after it.",
    ),
    "sign_in_file": (
        "Қолтаңба файлы (.p7s, .cms)",
        "Файл подписи (.p7s, .cms)",
        "File of the signature (.p7s, .cms)",
    ),
    "sign_in_text": (
        "немесе қолтаңба мәтіні (base64)",
        "или текст подписи (base64)",
        "or the signature's text (base64)",
    ),
}
