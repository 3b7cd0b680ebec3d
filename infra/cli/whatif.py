"""`azyq whatif`: a month under another programme file, side by side with what happened; nothing is written (R31)."""

from __future__ import annotations

from pathlib import Path

import typer

from infra.cli.running import JSON, LANGUAGE, MONTH, language_of, opened, print_json, usage

_WORDS = {
    "en": ("figure", "as it is", "as it would be", "difference", "refused by the other rules", "families"),
    "ru": ("показатель", "как есть", "как было бы", "разница", "отказано по другим правилам", "семей"),
    "kk": ("көрсеткіш", "қазіргі", "басқаша болғанда", "айырма", "басқа ережемен бас тартылды", "отбасы"),
}


def whatif(
    programme: Path = typer.Option(..., "--programme", help="The other programme's file."),
    month: str = MONTH,
    of: str = typer.Option(
        None, "--of", help="The programme that the month happened in (default: the file's id)."
    ),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """What a month would have been under another programme file: another amount, cap or window. Nothing is written."""
    language = language_of(lang)
    if not programme.exists():
        usage(f"{programme}: no such file")
    with opened(lang) as azyq:
        from infra.programmes import load_programme
        from infra.reporting.whatif import as_dict, what_if

        other = load_programme(programme)
        azyq.catch_up_views()
        found = what_if(azyq.dsn, azyq.programme(of or other.id), other, month, azyq.goods)
        if as_json:
            print_json(as_dict(found, language))
        else:
            _show(found, language)


def _show(found: object, language: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from domain.money import kzt
    from infra.cli.month_tables import grouped
    from infra.reporting.naming import sentences
    from infra.reporting.whatif import WhatIf, side_by_side

    assert isinstance(found, WhatIf)
    words = _WORDS[language]
    table = Table(box=SIMPLE_HEAD, show_edge=False)
    for number, word in enumerate(words[:4]):
        table.add_column(word, justify="right" if number else "left")
    for id, name, is_, would_be in side_by_side(found, language):
        shown = kzt if id.endswith("_tiyn") else grouped
        change = would_be - is_
        difference = f"{'+' if change > 0 else ''}{shown(change)}" if change else ""
        table.add_row(name, shown(is_), shown(would_be), difference)
    console = Console(highlight=False, markup=False)
    console.print(f"\n{found.rules}, {found.month}; {words[5]}: {grouped(found.families)}\n")
    console.print(table)
    if found.refused:
        console.print(f"\n{words[4]}:")
        said = sentences()
        for code, count in found.refused.items():
            told = f": {said[code][language]}" if code in said else ""
            console.print(f"  {grouped(count)}  {code}{told}")
