"""What the till says, in kk, ru and en: on the page, and what its script puts there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.errors import LANGUAGES

# By key: kk, ru, en. What the script says comes after "script.".
TILL_WORDS: Mapping[str, tuple[str, str, str]] = {
    "till": ("Касса", "Касса", "Till"),
    "no_script": (
        "Касса жұмыс істеуі үшін браузерде JavaScript қосулы болуы керек.",
        "Для работы кассы в браузере должен быть включён JavaScript.",
        "The till needs JavaScript: turn it on in this browser.",
    ),
    "enrol": ("Кассаны қосу", "Подключение кассы", "Connect this till"),
    "enrol_why": (
        "Әкімдік дүкеніңізге берген бір реттік кодты енгізіңіз. Осы браузер дүкеніңіздің кассасы болады.",
        "Введите одноразовый код, который вашему магазину выдал акимат. Этот браузер станет кассой магазина.",
        "Enter the one-time code that the akimat gave your shop. This browser becomes a till of the shop.",
    ),
    "enrol_code": ("Бір реттік код", "Одноразовый код", "One-time code"),
    "enrol_do": ("Қосу", "Подключить", "Connect"),
    "customer": ("Сатып алушы", "Покупатель", "Customer"),
    "code": ("QR-код", "QR-код", "QR code"),
    "code_hint": (
        "Камерамен не сканермен оқыңыз, немесе мәтінін енгізіңіз.",
        "Считайте камерой или сканером, либо введите текст кода.",
        "Read it with the camera or a scanner, or enter its text.",
    ),
    "scan": ("Камерамен оқу", "Считать камерой", "Scan with the camera"),
    "scan_stop": ("Камераны өшіру", "Выключить камеру", "Stop the camera"),
    "check": ("Тексеру", "Проверить", "Check"),
    "left": ("Ваучерде қалғаны", "Осталось на ваучере", "Left on the voucher"),
    "basket": ("Себет", "Корзина", "Basket"),
    "find": (
        "Тауардың атауы немесе штрихкоды",
        "Название или штрихкод товара",
        "Name or barcode of an article",
    ),
    "basket_none": (
        "Себет бос. Тауарды жоғарыдан табыңыз.",
        "Корзина пуста. Найдите товар выше.",
        "The basket is empty. Find an article above.",
    ),
    "quantity": ("Мөлшері", "Кол-во", "Quantity"),
    "shelf_price": ("Сөредегі баға, тг", "Цена на полке, тг", "Shelf price, KZT"),
    "price": ("Үстемесіз баға, тг", "Цена без надбавки, тг", "Price without mark-up, KZT"),
    "pays": ("Ваучер төлейді", "Платит ваучер", "The voucher pays"),
    "remove": ("Алып тастау", "Убрать", "Remove"),
    "partial": (
        "Тізімде жоқ тауарды ваучерсіз сату",
        "Товары не из перечня продать без ваучера",
        "Sell articles that are not on the list without the voucher",
    ),
    "payment": ("Төлем", "Оплата", "Payment"),
    "total": ("Тауарлар құны", "Стоимость товаров", "Price of the goods"),
    "customer_pays": ("Сатып алушы төлейді", "Платит покупатель", "The customer pays"),
    "receipt": ("Чек нөмірі", "Номер чека", "Receipt number"),
    "receipt_hint": (
        "Бос қалса, касса өзі береді.",
        "Если пусто, касса даст номер сама.",
        "Left empty, the till gives one.",
    ),
    "cashier": ("Кассир нөмірі", "Номер кассира", "Cashier's number"),
    "pay": ("Ваучермен төлеу", "Оплатить ваучером", "Pay with the voucher"),
    "ask_again": ("Қайта сұрау", "Спросить снова", "Ask again"),
    "clear": ("Себетті босату", "Очистить корзину", "Empty the basket"),
    "hold": ("Соманы ұстап тұру", "Удержать сумму", "Hold the sum"),
    "hold_why": (
        "Сатып алушы қалғанын карточкамен төлегенше. Соңында «Төледі» не «Төлемеді» деп белгілеңіз.",
        "Пока покупатель платит остальное картой. Потом отметьте, оплатил ли он.",
        "While the customer pays the rest by card. Then tell whether it was paid.",
    ),
    "done_capture": ("Сатып алушы төледі", "Покупатель оплатил", "The customer has paid"),
    "done_void": ("Төлемеді, соманы қайтару", "Не оплатил, вернуть сумму", "Not paid: give the sum back"),
    "day": ("Бүгінгі сатылым", "Продажи за сегодня", "Today's sales"),
    "day_count": ("Сатып алу саны", "Покупок", "Purchases"),
    "day_paid": ("Ваучермен төленді", "Оплачено ваучерами", "Paid by vouchers"),
    "day_shelf": ("Тауарлар құны", "Стоимость товаров", "Price of the goods"),
    "day_reload": ("Жаңарту", "Обновить", "Reload"),
    "return": ("Тауарды қайтару", "Возврат товара", "Return of goods"),
    "return_hint": (
        "Қайтарылған мөлшерді енгізіңіз.",
        "Укажите, сколько вернули.",
        "Enter how much came back.",
    ),
    "return_reason": ("Себебі", "Причина", "Reason"),
    "reason_returned": ("Тауар қайтарылды", "Товар вернули", "The goods came back"),
    "reason_mistake": ("Кассир қателесті", "Ошибка кассира", "The cashier's mistake"),
    "return_some": ("Осыларды қайтару", "Вернуть указанное", "Return these"),
    "return_all": ("Бәрін қайтару", "Вернуть всё", "Return everything"),
    "close": ("Жабу", "Закрыть", "Close"),
    "leave": ("Кассаны ажырату", "Отключить кассу", "Disconnect this till"),
    "leave_why": (
        "Бұл браузер касса болудан қалады. Қайта қосу үшін жаңа код керек болады.",
        "Этот браузер перестанет быть кассой. Чтобы подключить его снова, понадобится новый код.",
        "This browser stops being a till. Connecting it again takes a new code.",
    ),
    "script.left_until": ("{day} дейін жарамды", "Действует до {day}", "Valid until {day}"),
    "script.fill_in": (
        "Әр жолдың мөлшері мен бағаларын толтырыңыз.",
        "Заполните количество и цены в каждой строке.",
        "Fill in the quantity and the prices of every line.",
    ),
    "script.at_most": ("Ең көбі {quantity}.", "Не больше {quantity}.", "At most {quantity}."),
    "script.no_code": (
        "Алдымен сатып алушының кодын оқыңыз.",
        "Сначала считайте код покупателя.",
        "First read the customer's code.",
    ),
    "script.scan_again": (
        "Сатып алушыдан жаңа кодты көрсетуін сұрап, оны оқыңыз. Себет сақталады.",
        "Попросите покупателя показать новый код и считайте его. Корзина сохранится.",
        "Ask the customer for a new code and read it. The basket stays.",
    ),
    "script.camera_off": (
        "Камера қолжетімсіз. Браузерге рұқсат беріңіз не код мәтінін енгізіңіз.",
        "Камера недоступна. Разрешите её браузеру или введите текст кода.",
        "The camera can't be used. Allow it in the browser, or enter the code's text.",
    ),
    "script.camera_insecure": (
        "Камера тек https арқылы жұмыс істейді. Код мәтінін енгізіңіз.",
        "Камера работает только по https. Введите текст кода.",
        "The camera works over https only. Enter the code's text.",
    ),
    "script.camera_look": (
        "QR-кодты камераға көрсетіңіз.",
        "Поднесите QR-код к камере.",
        "Hold the QR code in front of the camera.",
    ),
    "script.camera_other": (
        "Бұл ваучердің QR-коды емес.",
        "Это не QR-код ваучера.",
        "This is not a voucher's QR code.",
    ),
    "script.found": ("Табылды: {count}", "Найдено: {count}", "Found: {count}"),
    "script.found_none": (
        "Мұндай тауар дүкеннің баға тізімінде жоқ.",
        "Такого товара нет в ценах магазина.",
        "The shop's prices have no such article.",
    ),
    "script.add_unknown": ("{gtin} қосу", "Добавить {gtin}", "Add {gtin}"),
    "script.unknown_article": ("Тауар {gtin}", "Товар {gtin}", "Article {gtin}"),
    "script.most": ("ең көбі {price} / {unit}", "не выше {price} / {unit}", "at most {price} / {unit}"),
    "script.bad_money": (
        "Бағаны теңгемен енгізіңіз, мысалы 520 не 520,50.",
        "Введите цену в тенге, например 520 или 520,50.",
        "Enter a price in tenge, such as 520 or 520.50.",
    ),
    "script.bad_quantity": (
        "Мөлшерді енгізіңіз: 1 не 0,375, үтірден кейін ең көбі 3 таңба.",
        "Введите количество: 1 или 0,375, не больше 3 знаков после запятой.",
        "Enter a quantity: 1 or 0.375, at most 3 places.",
    ),
    "script.left_out": (
        "Ваучерсіз сатылады.",
        "Продаётся без ваучера.",
        "Sold without the voucher.",
    ),
    "script.pay_left": (
        "Ваучер қалған {sum} төлесін",
        "Пусть ваучер оплатит оставшиеся {sum}",
        "Let the voucher pay the {sum} that is left",
    ),
    "script.paying": ("Төленуде…", "Оплата…", "Paying…"),
    "script.no_answer": (
        "Жауап келмеді. Касса дәл осы сатып алуды қайта сұрайды, екі рет төленбейді.",
        "Ответа нет. Касса спрашивает об этой же покупке снова, дважды она не оплатится.",
        "No answer. The till asks about this same purchase again; it can't be paid twice.",
    ),
    "script.no_answer_still": (
        "Жауап әлі жоқ. Байланысты тексеріп, «Қайта сұрау» түймесін басыңыз. Екі рет төленбейді.",
        "Ответа всё ещё нет. Проверьте связь и нажмите «Спросить снова». Дважды не оплатится.",
        "Still no answer. Check the connection and press “Ask again”. It can't be paid twice.",
    ),
    "script.offline": (
        "Байланыс жоқ. Қайталап көріңіз.",
        "Нет связи. Попробуйте ещё раз.",
        "No connection. Try again.",
    ),
    "script.paid_before": (
        "Бұл сатып алу бұрын төленген.",
        "Эта покупка уже оплачена.",
        "This purchase was paid already.",
    ),
    "script.done_paid": ("Төленді", "Оплачено", "Paid"),
    "script.done_held": ("Сома ұсталды", "Сумма удержана", "The sum is held"),
    "script.done_voided": ("Сатып алу болмады", "Покупка не состоялась", "The purchase came to nothing"),
    "script.voucher_holds": ("Ваучерде ұсталды", "Удержано на ваучере", "Held on the voucher"),
    "script.voucher_has_back": ("Ваучерге қайтарылды", "Возвращено на ваучер", "Given back to the voucher"),
    "script.held_until": (
        "Сағат {time} дейін. Белгіленбесе, сома өзі қайтады.",
        "До {time}. Если не отметить, сумма вернётся сама.",
        "Until {time}. If nothing is told, the sum goes back by itself.",
    ),
    "script.no_answer_settle": (
        "Жауап жоқ. Байланысты тексеріп, түймені қайта басыңыз.",
        "Ответа нет. Проверьте связь и нажмите кнопку ещё раз.",
        "No answer. Check the connection and press the button again.",
    ),
    "script.next": ("Келесі сатып алушы", "Следующий покупатель", "Next customer"),
    "script.later": ("Кейін белгілеу", "Отметить позже", "Tell later"),
    "script.voucher_paid": ("Ваучер төледі", "Ваучер оплатил", "The voucher paid"),
    "script.customer_pays": (
        "Сатып алушы төлейді: {sum}",
        "Платит покупатель: {sum}",
        "The customer pays: {sum}",
    ),
    "script.remains": (
        "Ваучерде қалды: {sum}",
        "Осталось на ваучере: {sum}",
        "Left on the voucher: {sum}",
    ),
    "script.receipt": ("Чек: {receipt}", "Чек: {receipt}", "Receipt: {receipt}"),
    "script.returned": (
        "Ваучерге қайтарылды: {sum}",
        "Возвращено на ваучер: {sum}",
        "Returned to the voucher: {sum}",
    ),
    "script.day_none": ("Бүгін сатып алу болмады.", "Сегодня покупок не было.", "No purchases today."),
    "script.day_return": ("Қайтару", "Возврат", "Return"),
    "script.day_settle": ("Аяқтау", "Завершить", "Finish"),
    "script.held": ("ұсталған", "удержано", "held"),
    "script.voided": ("болмады", "не состоялась", "came to nothing"),
    "script.sold": ("сатылды: {bought}", "продано: {bought}", "sold: {bought}"),
    "script.bought": (
        "сатылды: {bought}, қайтарылды: {returned}",
        "продано: {bought}, возвращено: {returned}",
        "sold: {bought}, returned: {returned}",
    ),
    "script.return_none": (
        "Қайтарылған мөлшерді кемінде бір жолға енгізіңіз.",
        "Укажите количество хотя бы в одной строке.",
        "Enter a quantity for at least one line.",
    ),
    "script.return_done_all": (
        "Бәрі қайтарылған.",
        "Всё уже возвращено.",
        "Everything has come back already.",
    ),
    "script.unit_kg": ("кг", "кг", "kg"),
    "script.unit_l": ("л", "л", "l"),
    "script.unit_piece": ("дана", "шт.", "pc"),
    "script.currency": ("тг", "тг", "KZT"),
}


def till_words(language: str) -> Callable[[str], str]:
    """What the page says in `language`, by key."""
    index = LANGUAGES.index(language)
    return lambda key: TILL_WORDS[key][index]


def script_words(language: str) -> dict[str, str]:
    """What the script says in `language`; it fills the placeholders."""
    index = LANGUAGES.index(language)
    return {
        key.removeprefix("script."): texts[index]
        for key, texts in TILL_WORDS.items()
        if key.startswith("script.")
    }
