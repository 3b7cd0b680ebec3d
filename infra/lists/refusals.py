"""Why a file as a whole is not taken: nothing of it is used."""

from __future__ import annotations

from typing import ClassVar

from domain.errors import Refusal


class ListRefusal(Refusal):
    """A file that cannot be read as a list."""

    code: ClassVar[str] = "list_refused"


class ListNotFound(ListRefusal):
    code: ClassVar[str] = "list_not_found"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Файл табылмады немесе оқуға болмайды.",
        "ru": "Файл не найден или его нельзя прочитать.",
        "en": "The file was not found or cannot be read.",
    }


class ListChanged(ListRefusal):
    code: ClassVar[str] = "list_changed"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Файл оқылып жатқанда өзгерді. Қайта бастаңыз.",
        "ru": "Файл изменился во время чтения. Начните заново.",
        "en": "The file changed while it was being read. Start again.",
    }


class ListEmpty(ListRefusal):
    code: ClassVar[str] = "list_empty"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Файл бос: онда бірде-бір жол жоқ.",
        "ru": "Файл пуст: в нём нет ни одной строки.",
        "en": "The file is empty: it holds no rows.",
    }


class ListTooLarge(ListRefusal):
    code: ClassVar[str] = "list_too_large"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Файл тым үлкен: ашылған түрінде ең көбі {megabytes} МБ және {rows} жол қабылданады.",
        "ru": "Файл слишком велик: принимается не больше {megabytes} МБ без сжатия и {rows} строк.",
        "en": "The file is too large: at most {megabytes} MB uncompressed and {rows} rows are accepted.",
    }


class ListEncodingUnknown(ListRefusal):
    code: ClassVar[str] = "list_encoding_unknown"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Файлдың кодтауы танылмады. Оны UTF-8, UTF-16 немесе Windows-1251 түрінде сақтаңыз.",
        "ru": "Кодировка файла не распознана. Сохраните его в UTF-8, UTF-16 или Windows-1251.",
        "en": "The file's encoding was not recognised. Save it as UTF-8, UTF-16 or Windows-1251.",
    }


class ListNotAList(ListRefusal):
    code: ClassVar[str] = "list_not_a_list"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Бұл файл тізім емес ({kind}). CSV, XLSX немесе JSON жолдары қабылданады.",
        "ru": "Этот файл не список ({kind}). Принимаются CSV, XLSX и строки JSON.",
        "en": "This file is not a list ({kind}). CSV, XLSX and JSON lines are accepted.",
    }


class ListColumnMissing(ListRefusal):
    code: ClassVar[str] = "list_column_missing"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Файлда баған жетіспейді: {columns}.",
        "ru": "В файле не хватает столбцов: {columns}.",
        "en": "The file lacks columns: {columns}.",
    }


class ListColumnDoubled(ListRefusal):
    code: ClassVar[str] = "list_column_doubled"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Файлда бір баған екі рет кездеседі: {columns}.",
        "ru": "В файле один и тот же столбец встречается дважды: {columns}.",
        "en": "The file has the same column twice: {columns}.",
    }


class ListQuoteUnclosed(ListRefusal):
    code: ClassVar[str] = "list_quote_unclosed"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{row}-жолда басталған тырнақша жабылмаған: одан кейінгі жолдарды оқу мүмкін емес.",
        "ru": "Кавычка, открытая в строке {row}, не закрыта: строки после неё прочитать нельзя.",
        "en": "The quotation mark opened in row {row} is not closed: the rows after it cannot be read.",
    }


class ListCompressionBroken(ListRefusal):
    code: ClassVar[str] = "list_compression_broken"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Сығылған файл бүлінген немесе толық емес.",
        "ru": "Сжатый файл повреждён или неполон.",
        "en": "The compressed file is damaged or incomplete.",
    }


class ListEncrypted(ListRefusal):
    code: ClassVar[str] = "list_encrypted"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Файл құпиясөзбен қорғалған. Құпиясөзсіз сақтаңыз.",
        "ru": "Файл защищён паролем. Сохраните его без пароля.",
        "en": "The file is protected by a password. Save it without one.",
    }


class ListArchiveAmbiguous(ListRefusal):
    code: ClassVar[str] = "list_archive_ambiguous"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Архивте бір ғана файл болуы керек, ал онда {files} файл бар.",
        "ru": "В архиве должен быть один файл, а в нём {files}.",
        "en": "The archive must hold one file; it holds {files}.",
    }


class ListXlsxBroken(ListRefusal):
    code: ClassVar[str] = "list_xlsx_broken"
    texts: ClassVar[dict[str, str]] = {
        "kk": "XLSX файлы бүлінген. Оны Excel-де ашып, қайта сақтаңыз.",
        "ru": "Файл XLSX повреждён. Откройте его в Excel и сохраните заново.",
        "en": "The XLSX file is damaged. Open it in Excel and save it again.",
    }
