"""What may be wrong with a service's file, its keys, their values, its terms: in en, ru and kk."""

from __future__ import annotations

from collections.abc import Mapping

# By code: en, ru, kk. What stands in braces is taken over.
VALUE_TEXTS: Mapping[str, tuple[str, str, str]] = {
    # the file
    "not_toml": ("not TOML: {told}", "не TOML: {told}", "TOML емес: {told}"),
    "not_utf8": (
        "not in UTF-8 from byte {byte} on",
        "не в UTF-8, начиная с байта {byte}",
        "{byte}-байттан бастап UTF-8 емес",
    ),
    "unreadable": ("can't be read: {told}", "не читается: {told}", "оқылмайды: {told}"),
    "too_long": ("is longer than {most}", "длиннее, чем {most}", "{most} мөлшерінен ұзын"),
    "too_many": ("are more than {most}", "больше, чем {most}", "{most} санынан көп"),
    "file_name": (
        "the file must be named {first} or {second}",
        "файл должен называться {first} или {second}",
        "файл {first} немесе {second} деп аталуы керек",
    ),
    "no_files": (
        "no service files (*.toml) in this folder",
        "в папке нет файлов услуг (*.toml)",
        "қалтада қызмет файлдары (*.toml) жоқ",
    ),
    "columns": ("must be {columns}", "должно быть {columns}", "{columns} болуы керек"),
    "too_few_columns": (
        "must have {columns}",
        "должны быть {columns}",
        "{columns} болуы керек",
    ),
    # a key and its value
    "missing": ("is missing", "не указано", "көрсетілмеген"),
    "empty": ("is empty", "пусто", "бос"),
    "unknown_key": ("unknown key", "неизвестный ключ", "белгісіз кілт"),
    "not_tables": (
        "must be one or more [[{key}]] tables",
        "нужна одна или несколько таблиц [[{key}]]",
        "бір не бірнеше [[{key}]] кестесі керек",
    ),
    "not_a_table": (
        "must be a table, not {kind}",
        "нужна таблица, а здесь {kind}",
        "кесте керек, мұнда {kind}",
    ),
    "not_a_text": ("must be a text, not {kind}", "нужен текст, а здесь {kind}", "мәтін керек, мұнда {kind}"),
    "control_character": (
        "holds the control character {code}",
        "содержит управляющий знак {code}",
        "басқару таңбасы бар: {code}",
    ),
    "not_https": (
        "must be an address that begins with https://",
        "нужен адрес, начинающийся с https://",
        "https:// деп басталатын мекенжай керек",
    ),
    "not_a_slug": (
        "{value} must be small Latin letters and digits, joined by hyphens, at most 40",
        "{value}: нужны строчные латинские буквы и цифры, соединённые дефисами, не больше 40",
        "{value}: дефиспен қосылған кіші латын әріптері мен цифрлар керек, ең көбі 40",
    ),
    "not_a_version": (
        "{value} must be Latin letters and digits, joined by dots or hyphens, at most 20",
        "{value}: нужны латинские буквы и цифры, соединённые точками или дефисами, не больше 20",
        "{value}: нүктемен не дефиспен қосылған латын әріптері мен цифрлар керек, ең көбі 20",
    ),
    "not_a_prefix": (
        "{value} must be capital Latin letters and digits, at most 8: case numbers begin so",
        "{value}: нужны заглавные латинские буквы и цифры, не больше 8: так начинаются номера дел",
        "{value}: бас латын әріптері мен цифрлар керек, ең көбі 8: іс нөмірлері осылай басталады",
    ),
    "not_an_id": (
        "{value} must be Latin letters, digits, - and _, at most 60",
        "{value}: нужны латинские буквы, цифры, - и _, не больше 60",
        "{value}: латын әріптері, цифрлар, - және _ керек, ең көбі 60",
    ),
    "not_a_fact_id": (
        "{value} must be small Latin letters, digits and _, at most 60, first a letter",
        "{value}: нужны строчные латинские буквы, цифры и _, не больше 60, сначала буква",
        "{value}: кіші латын әріптері, цифрлар және _ керек, ең көбі 60, бірінші әріп",
    ),
    "word_of_conditions": (
        "{value} is a word of conditions already",
        "{value} уже служебное слово условий",
        "{value} – шарттардың қызметтік сөзі",
    ),
    "not_a_date": (
        "must be a date as 2025-07-31, without quotes, not {kind}",
        "нужна дата вида 2025-07-31 без кавычек, а здесь {kind}",
        "тырнақшасыз 2025-07-31 түріндегі күн керек, мұнда {kind}",
    ),
    "year_out_of_range": (
        "{value} is not within the years {first} to {last}",
        "{value} – не в пределах {first}–{last} годов",
        "{value} {first}–{last} жылдар аралығында емес",
    ),
    "not_true_or_false": (
        "must be true or false, not {kind}",
        "нужно true или false, а здесь {kind}",
        "true не false керек, мұнда {kind}",
    ),
    "not_a_whole_number": (
        "must be a whole number, not {kind}",
        "нужно целое число, а здесь {kind}",
        "бүтін сан керек, мұнда {kind}",
    ),
    "out_of_range": (
        "must be from {least} to {most}",
        "допускается от {least} до {most}",
        "{least} мен {most} аралығында болуы керек",
    ),
    "none_of": ('must be "{choices}"', 'допускается "{choices}"', '"{choices}" болуы керек'),
    "braces": ("braces don't match: {told}", "скобки не сходятся: {told}", "жақшалар сәйкес емес: {told}"),
    "unknown_placeholder": (
        "unknown placeholder {name}; this text has {known}",
        "неизвестная подстановка {name}; здесь есть {known}",
        "белгісіз орын {name}; мұнда бары: {known}",
    ),
    "placeholder_missing": ("lacks the placeholder {name}", "нет подстановки {name}", "{name} орны жоқ"),
    "not_ids": (
        'must be an array of ids, as ["L5"]',
        'нужен список кодов, как ["L5"]',
        '["L5"] сияқты кодтар тізімі керек',
    ),
    "named_twice": ("names one twice", "одно названо дважды", "біреуі екі рет аталған"),
    "there_twice": ("{value} is there twice", "{value} указано дважды", "{value} екі рет берілген"),
    "dates_turned": (
        "{last} is before effective_from {first}",
        "{last} раньше effective_from {first}",
        "{last} effective_from {first} күнінен ерте",
    ),
    "role_fixed": (
        "of the role {role} can't be changed",
        "у роли {role} не меняется",
        "{role} рөлінде өзгертілмейді",
    ),
    "choices_only": (
        'are for type = "choice" only',
        'только для type = "choice"',
        'тек type = "choice" үшін',
    ),
    "long_only": ('is for type = "text" only', 'только для type = "text"', 'тек type = "text" үшін'),
    "must_be_personal": (
        "must be true for type {type}: it tells who somebody is",
        "для типа {type} нужно true: по нему узнают человека",
        "{type} түрі үшін true керек: ол адамды танытады",
    ),
    # terms and hours
    "not_a_term": (
        '{value} is not a term as "20 min", "1 h", "2 wd", "30 cd", "3 mo" or "1 y"',
        '{value} – не срок вида "20 min", "1 h", "2 wd", "30 cd", "3 mo" или "1 y"',
        '{value} – "20 min", "1 h", "2 wd", "30 cd", "3 mo" не "1 y" түріндегі мерзім емес',
    ),
    "not_hours": (
        '{value} is not hours as "{example}"',
        '{value} – не часы вида "{example}"',
        '{value} – "{example}" түріндегі жұмыс уақыты емес',
    ),
    "weekdays_turned": (
        "the weekday {last} is before {first}",
        "день недели {last} раньше {first}",
        "апта күні {last} {first} күнінен ерте",
    ),
    "closes_early": (
        "closes at {closes}, not after it opens at {opens}",
        "закрывается в {closes}, не позже открытия в {opens}",
        "{closes} жабылады, {opens} ашылғаннан кеш емес",
    ),
    "break_outside": (
        "the break {pause} does not lie within {open}",
        "перерыв {pause} – не внутри {open}",
        "{pause} үзілісі {open} ішінде емес",
    ),
    "not_a_time": (
        "{value} is not a time of day",
        "{value} – не время суток",
        "{value} – тәулік уақыты емес",
    ),
    "longer_than_service": (
        "{term} is more than the service's term, {promised} (S002-33)",
        "{term} больше срока услуги, {promised} (S002-33)",
        "{term} қызмет мерзімінен, {promised}, ұзақ (S002-33)",
    ),
    "path_too_long": (
        "{promised} is less than {path}, which the steps {steps} take together (S002-33)",
        "{promised} меньше, чем {path}, которые вместе занимают шаги {steps} (S002-33)",
        "{promised} {steps} қадамдары бірге алатын {path} мерзімінен аз (S002-33)",
    ),
    "not_a_day": (
        "{value} is not a day as 2025-01-03",
        "{value} – не день вида 2025-01-03",
        "{value} – 2025-01-03 түріндегі күн емес",
    ),
    "neither_off_nor_working": (
        "{value} is neither off nor working",
        "{value} – ни off, ни working",
        "{value} off те, working те емес",
    ),
    "no_basis": (
        "has no basis: which act moved the day",
        "нет основания: каким актом перенесён день",
        "негізі жоқ: күнді қай акт ауыстырды",
    ),
}
