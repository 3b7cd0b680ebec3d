"""Why a row of a file of shops, articles or prices was not taken, for a clerk, in kk, ru and en."""

from __future__ import annotations

from domain.beneficiary import LANGUAGE_ORDER, rejection_sentence

FIELD_WORDS = {
    "shop_id": ("дүкен коды", "код магазина", "shop_id"),
    "bin": ("БСН", "БИН", "BIN"),
    "name": ("атауы", "название", "name"),
    "kato": ("ӘАОЖ коды", "код КАТО", "KATO code"),
    "address": ("мекенжайы", "адрес", "address"),
    "opened_on": ("қатыса бастаған күні", "дата начала участия", "opened_on"),
    "loan": ("қарыз", "заём", "loan"),
    "loan_contract": ("қарыз шарты", "договор займа", "loan contract"),
    "loan_until": ("қарыз мерзімі", "срок займа", "loan_until"),
    "gtin": ("GTIN", "GTIN", "GTIN"),
    "position": ("тізімдегі нөмірі", "номер в перечне", "position"),
    "measure": ("өлшем бірлігі", "единица измерения", "measure"),
    "purchase_price": ("сатып алу бағасы", "закупочная цена", "purchase price"),
    "market_price": ("нарық бағасы", "рыночная цена", "market price"),
    "source": ("көзі", "источник", "source"),
    "valid_from": ("қолданыла бастайтын күні", "действует с", "valid_from"),
}

# Each text: Kazakh, Russian, English.
SENTENCES: dict[str, tuple[str, str, str]] = {
    "shop_id_missing": ("Дүкен коды көрсетілмеген.", "Не указан код магазина.", "The shop's id is missing."),
    "shop_id_malformed": (
        "Дүкен коды 32 таңбадан аспайтын латын әріптері, цифрлар, нүкте, сызықша болуы керек.",
        "Код магазина – до 32 латинских букв, цифр, точек, дефисов.",
        "A shop's id is up to 32 Latin letters, digits, points and hyphens.",
    ),
    "shop_unknown": (
        "Мұндай дүкен жоқ: алдымен дүкендер файлын енгізіңіз.",
        "Такого магазина нет: сначала загрузите файл магазинов.",
        "There is no such shop: import the file of shops first.",
    ),
    "shop_twice": (
        "Бұл дүкен файлда екінші рет кездеседі.",
        "Этот магазин встречается в файле второй раз.",
        "The file names this shop a second time.",
    ),
    "shop_name_missing": (
        "Дүкен атауы көрсетілмеген.",
        "Не указано название магазина.",
        "The shop's name is missing.",
    ),
    "bin_missing": (
        "БСН көрсетілмеген (жеке кәсіпкерде – ЖСН).",
        "Не указан БИН (у ИП – ИИН).",
        "The BIN is missing (of a sole trader: the IIN).",
    ),
    "bin_not_12_digits": (
        "БСН дәл 12 цифрдан тұруы керек.",
        "БИН должен состоять ровно из 12 цифр.",
        "A BIN must be exactly 12 digits.",
    ),
    "bin_leading_zero_lost": (
        "БСН басындағы нөл жоғалған (Excel оны сан деп сақтаған). Бағанды мәтін түрінде сақтаңыз.",
        "В БИН потерян ноль в начале (Excel сохранил его как число). Сохраните столбец как текст.",
        "The BIN has lost its leading zero (Excel kept it as a number). Save the column as text.",
    ),
    "bin_check_digit": (
        "БСН қате: бақылау цифры сәйкес келмейді.",
        "БИН неверен: не сходится контрольная цифра.",
        "The BIN is wrong: its check digit does not match.",
    ),
    "bin_of_nobody": (
        "Бұл БСН де, ЖСН де емес: бесінші цифры мұндай болмайды.",
        "Это не БИН и не ИИН: такой пятой цифры не бывает.",
        "This is neither a BIN nor an IIN: none has such a fifth digit.",
    ),
    "text_too_long": (
        "Ұяшық {limit} таңбадан ұзын: {field}.",
        "Ячейка длиннее {limit} знаков: {field}.",
        "A cell is longer than {limit} characters: {field}.",
    ),
    "loan_unknown": (
        "Қарыз бағанында «иә» немесе «жоқ» болуы керек.",
        "В столбце займа должно быть «да» или «нет».",
        "The column loan says yes or no.",
    ),
    "loan_not_said": (
        "Қарыз «жоқ» делінген, бірақ шарты немесе мерзімі көрсетілген.",
        "Займ – «нет», но указан его договор или срок.",
        "The loan is “no”, yet its contract or last day is given.",
    ),
    "loan_contract_missing": (
        "Қарыз шартының нөмірі көрсетілмеген.",
        "Не указан номер договора займа.",
        "The number of the loan's contract is missing.",
    ),
    "loan_until_missing": (
        "Қарыздың соңғы күні көрсетілмеген.",
        "Не указан последний день займа.",
        "The loan's last day is missing.",
    ),
    "date_missing": (
        "Күн көрсетілмеген: {field}.",
        "Не указана дата: {field}.",
        "A date is missing: {field}.",
    ),
    "date_invalid": (
        "ЖЖЖЖ-АА-КК түріндегі нақты күн болуы керек: {field}.",
        "Должна быть действительная дата вида ГГГГ-ММ-ДД: {field}.",
        "It must be a real date written YYYY-MM-DD: {field}.",
    ),
    "date_too_far": (
        "Күн бір жылдан кейін: {field}. Қатесін тексеріңіз.",
        "Дата дальше чем через год: {field}. Проверьте, нет ли ошибки.",
        "The date is more than a year ahead: {field}. Look for a slip.",
    ),
    "gtin_missing": ("GTIN көрсетілмеген.", "Не указан GTIN.", "The GTIN is missing."),
    "gtin_not_digits": (
        "GTIN тек 0–9 цифрларынан тұрады.",
        "GTIN состоит только из цифр 0–9.",
        "A GTIN has the digits 0–9 only.",
    ),
    "gtin_scientific": (
        "GTIN Excel-дің сан түрінде жазылған (4,87E+12 сияқты). Бағанды мәтін түрінде сақтаңыз.",
        "GTIN записан числом Excel (вида 4,87E+12). Сохраните столбец как текст.",
        "The GTIN is written as an Excel number (like 4.87E+12). Save the column as text.",
    ),
    "gtin_length": (
        "GTIN 8, 12, 13 немесе 14 цифрдан тұрады.",
        "GTIN состоит из 8, 12, 13 или 14 цифр.",
        "A GTIN has 8, 12, 13 or 14 digits.",
    ),
    "gtin_leading_zero_lost": (
        "GTIN басындағы нөл жоғалған (Excel оны сан деп сақтаған). Бағанды мәтін түрінде сақтаңыз.",
        "В GTIN потерян ноль в начале (Excel сохранил его как число). Сохраните столбец как текст.",
        "The GTIN has lost a leading zero (Excel kept it as a number). Save the column as text.",
    ),
    "gtin_check_digit": (
        "GTIN қате: бақылау цифры сәйкес келмейді.",
        "GTIN неверен: не сходится контрольная цифра.",
        "The GTIN is wrong: its check digit does not match.",
    ),
    "article_name_missing": (
        "Тауар атауы көрсетілмеген.",
        "Не указано название товара.",
        "The article's name is missing.",
    ),
    "article_twice": (
        "Бұл тауар файлда екінші рет кездеседі.",
        "Этот товар встречается в файле второй раз.",
        "The file names this article a second time.",
    ),
    "article_unknown": (
        "Бұл GTIN тауарлар анықтамалығында жоқ: алдымен тауарлар файлын енгізіңіз.",
        "Этого GTIN нет в каталоге товаров: сначала загрузите файл товаров.",
        "This GTIN is not in the catalogue: import the file of articles first.",
    ),
    "position_missing": (
        "Тауарлар тізбесіндегі нөмірі көрсетілмеген.",
        "Не указан номер в перечне товаров.",
        "The position in the goods list is missing.",
    ),
    "position_not_a_number": (
        "Тізбедегі нөмір бүтін сан болуы керек.",
        "Номер в перечне – целое число.",
        "A position is a whole number.",
    ),
    "position_not_listed": (
        "{version} тауарлар тізбесінде мұндай нөмір жоқ.",
        "В перечне товаров {version} такого номера нет.",
        "The goods list {version} has no such position.",
    ),
    "measure_unknown": (
        "Өлшем бірлігі: дана (piece), кг (kg) немесе л (l).",
        "Единица измерения: штука (piece), кг (kg) или л (l).",
        "A measure is piece, kg or l.",
    ),
    "price_missing": (
        "Баға көрсетілмеген: {field}.",
        "Не указана цена: {field}.",
        "A price is missing: {field}.",
    ),
    "price_malformed": (
        "Баға тиыны екі таңбадан аспайтын сан болуы керек, мысалы 215.50: {field}.",
        "Цена – число не более чем с двумя знаками после точки, например 215.50: {field}.",
        "A price is a number with at most two decimals, as 215.50: {field}.",
    ),
    "price_out_of_bounds": (
        "Баға 0-ден көп және 10 000 000 теңгеден аспауы керек: {field}.",
        "Цена должна быть больше 0 и не больше 10 000 000 тенге: {field}.",
        "A price is more than 0 and at most 10,000,000 KZT: {field}.",
    ),
    "price_absurd": (
        "Баға нарықтағы {market} тг ресми бағадан {times} есе көп: үтір дұрыс қойылмаған болар.",
        "Цена больше официальной рыночной {market} тг в {times} раза: возможно, сдвинута запятая.",
        "The price is over {times} times the official market price of {market} KZT: a slip of the point, perhaps.",
    ),
    "price_backdated": (
        "Баға өткен күннен бастап өзгертілмейді: {day} бастап қоюға болады.",
        "Цену нельзя изменить задним числом: её можно установить с {day}.",
        "A price can't be changed for days that are over: it can be set from {day} on.",
    ),
    "price_twice": (
        "Бұл баға файлда екінші рет кездеседі.",
        "Эта цена встречается в файле второй раз.",
        "The file gives this price a second time.",
    ),
    "source_unknown": (
        "Тауар көзі: trade (сауда) немесе farm (шаруа қожалығынан тікелей).",
        "Источник товара: trade (торговля) или farm (прямо от сельхозпроизводителя).",
        "A source is trade or farm (straight from a producer).",
    ),
    "farm_measure": (
        "Шаруа қожалығының тауары нарық бағасындағы бірлікпен ({unit}) сатылуы керек.",
        "Товар фермы должен продаваться в единицах рыночной цены ({unit}).",
        "Goods from a farm are sold by the unit of the market price ({unit}).",
    ),
}


def trade_sentence(code: str, language: str, **details: object) -> str:
    """The sentence of a rejection in `language` (kk, ru, en); `details` as for `rejection_sentence`."""
    at = LANGUAGE_ORDER.get(language, 2)
    field = details.get("field")
    if isinstance(field, str) and field in FIELD_WORDS:
        details["field"] = FIELD_WORDS[field][at]
    texts = SENTENCES.get(code)
    return rejection_sentence(code, language, **details) if texts is None else texts[at].format(**details)
