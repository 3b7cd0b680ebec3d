"""What regions are called: oblasts and cities of the republic by the first two digits of their KATO code."""

from __future__ import annotations

from domain.errors import LANGUAGES

_OBLAST_DIGITS = 2
_OBLASTS = {
    "10": ("Абай облысы", "Область Абай", "Abai oblast"),
    "11": ("Ақмола облысы", "Акмолинская область", "Akmola oblast"),
    "15": ("Ақтөбе облысы", "Актюбинская область", "Aktobe oblast"),
    "19": ("Алматы облысы", "Алматинская область", "Almaty oblast"),
    "23": ("Атырау облысы", "Атырауская область", "Atyrau oblast"),
    "27": ("Батыс Қазақстан облысы", "Западно-Казахстанская область", "West Kazakhstan oblast"),
    "31": ("Жамбыл облысы", "Жамбылская область", "Zhambyl oblast"),
    "33": ("Жетісу облысы", "Область Жетісу", "Zhetisu oblast"),
    "35": ("Қарағанды облысы", "Карагандинская область", "Karaganda oblast"),
    "39": ("Қостанай облысы", "Костанайская область", "Kostanay oblast"),
    "43": ("Қызылорда облысы", "Кызылординская область", "Kyzylorda oblast"),
    "47": ("Маңғыстау облысы", "Мангистауская область", "Mangystau oblast"),
    "55": ("Павлодар облысы", "Павлодарская область", "Pavlodar oblast"),
    "59": ("Солтүстік Қазақстан облысы", "Северо-Казахстанская область", "North Kazakhstan oblast"),
    "61": ("Түркістан облысы", "Туркестанская область", "Turkistan oblast"),
    "62": ("Ұлытау облысы", "Область Ұлытау", "Ulytau oblast"),
    "63": ("Шығыс Қазақстан облысы", "Восточно-Казахстанская область", "East Kazakhstan oblast"),
    "71": ("Астана қаласы", "Город Астана", "Astana city"),
    "75": ("Алматы қаласы", "Город Алматы", "Almaty city"),
    "79": ("Шымкент қаласы", "Город Шымкент", "Shymkent city"),
}
_ALL = ("Барлық өңір", "Все регионы", "All regions")
_WITHIN = ("{oblast}, КАТО {code}", "{oblast}, КАТО {code}", "{oblast}, KATO {code}")
_UNNAMED = ("КАТО {code}", "КАТО {code}", "KATO {code}")


def oblasts(language: str) -> list[tuple[str, str]]:
    """Codes and names of all oblasts and cities of the republic."""
    index = LANGUAGES.index(language)
    return [(code, names[index]) for code, names in _OBLASTS.items()]


def region_name(code: str, language: str) -> str:
    """The region of a prefix of KATO codes; what lies within an oblast by its code."""
    index = LANGUAGES.index(language)
    if not code:
        return _ALL[index]
    oblast = _OBLASTS.get(code[:_OBLAST_DIGITS])
    if oblast is None:
        return _UNNAMED[index].format(code=code)
    return (
        oblast[index]
        if len(code) == _OBLAST_DIGITS
        else _WITHIN[index].format(oblast=oblast[index], code=code)
    )
