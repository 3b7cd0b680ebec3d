"""The standard of a voucher programme in the form F4, generated from what runs it: its file and the list of goods.

The points that the algorithm itself fixes (no application, consent by SMS, the grounds on which a voucher does not
open) are told as the code carries them out: R2.2, R2.16, R16 to R24.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.goods import GoodsCatalogue, GoodsListMissing
from domain.money import kzt
from domain.programmes import TEXT_PURPOSES, Programme, Terms
from domain.sms_text import deadline_in_words
from infra.papers.paper import Block, Grid, Item, Items, Paper, Paragraph, Point, Rows, Section, cell
from infra.papers.programme_words import WORDS as PROGRAMME_WORDS
from infra.papers.service_words import paragraphs
from infra.papers.spelling import instant, sentence, short_day, value_in_words
from infra.papers.standard import standard_sections
from infra.papers.words import WORDS


def programme_standard(
    programme: Programme, shared: GoodsCatalogue, language: str, made_at: datetime
) -> Paper:
    """The standard of `programme`; `shared` is the official list of goods, which it may buy by (R2.3)."""
    words = {**WORDS[language], **PROGRAMME_WORDS[language]}
    elements: dict[str, Sequence[Block]] = {
        "name": (Paragraph(programme.names[language]),),
        "drafter": _text(programme, "drafter", language),
        "provider_and_intake": (
            *_text(programme, "provider", language),
            Items(tuple(Item(words[key]) for key in ("proactive", "by_sms", "by_wallet"))),
            Paragraph(words["regions"].format(codes=", ".join(programme.regions))),
        ),
        "term": (_months(programme, words),),
        "form": (Paragraph(sentence(words["form"])),),
        "result": tuple(_result(terms, words, language) for terms in programme.terms),
        "fee": _text(programme, "fee", language),
        "schedule": (
            Rows(((words["in_force"], (_runs(programme, words),)),)),
            Items(
                tuple(
                    Item(words["hold"].format(minutes=terms.hold_minutes), note=terms.version)
                    for terms in programme.terms
                )
            ),
        ),
        "documents": (Items(tuple(Item(words[key]) for key in ("whom", "no_papers", "consent"))),),
        "grounds": (
            Items(
                tuple(
                    Item(words[key], clause)
                    for key, clause in (
                        ("ground_region", "R2.2"),
                        ("ground_no_number", "R18"),
                        ("ground_refused", "R21"),
                        ("ground_silent", "R21"),
                    )
                )
            ),
        ),
        "appeals": (
            *_text(programme, "appeals", language, needed=False),
            *_desks(programme, words, language),
        ),
        **{
            key: _text(programme, key, language)
            for key in ("vulnerable", "publication", "electronic_signature", "remote_status", "contacts")
        },
    }
    sections = standard_sections(elements, language)
    versions = tuple(
        words["rules_of"].format(version=terms.version, start=short_day(terms.effective_from))
        for terms in programme.terms
    )
    about = [(words["rules"], versions), (words["in_force"], (_runs(programme, words),))]
    if "basis" in programme.standard:
        about.append((words["basis"], (programme.standard["basis"][language],)))
    return Paper(
        kind="standard",
        language=language,
        title=words["standard"],
        subtitle=words["quoted"].format(text=programme.names[language]),
        head=programme.standard.get("provider", programme.names)[language],
        about=tuple(about),
        sections=(
            *sections,
            _goods(programme, shared, words, language),
            _messages(programme, words, language),
        ),
        foot=(
            words["made_from_programme"].format(
                id=programme.id, version=", ".join(terms.version for terms in programme.terms)
            ),
            words["made_at"].format(at=instant(made_at)),
        ),
        running=f"{programme.id} · {programme.terms[-1].version}",
        made_at=made_at,
    )


def _text(programme: Programme, key: str, language: str, needed: bool = True) -> tuple[Block, ...]:
    if key in programme.standard:
        return paragraphs(programme.standard[key][language])
    return (Paragraph(WORDS[language]["not_set"]),) if needed else ()


def _runs(programme: Programme, words: dict[str, str]) -> str:
    return words["programme_from_to"].format(
        start=short_day(programme.starts_on), end=short_day(programme.ends_on)
    )


def _months(programme: Programme, words: dict[str, str]) -> Grid:
    rows = []
    for name in programme.months():
        month = programme.month(name)
        sms = short_day(month.first_sms_on)
        if month.reminder_on <= month.deadline:
            sms = f"{sms}, {short_day(month.reminder_on)}"
        days = f"{short_day(month.valid_from)} – {short_day(month.valid_to)}"
        rows.append(
            (
                cell(name),
                cell(short_day(month.list_cutoff)),
                cell(sms),
                cell(short_day(month.deadline)),
                cell(days),
                cell(month.terms.version),
            )
        )
    heads = tuple(
        words[key] for key in ("month", "list_until", "sms_on", "consent_until", "voucher_days", "rules")
    )
    return Grid(heads, tuple(rows), (12, 15, 18, 15, 22, 18))


def _result(terms: Terms, words: dict[str, str], language: str) -> Items:
    cap = terms.discount_cap_percent
    parts = [
        words[f"draw_{terms.draw}"],
        words["no_cap"] if cap is None else words["cap"].format(percent=value_in_words(cap, language)),
        words["farm"].format(percent=value_in_words(terms.farm_discount_percent, language)),
        words[f"over_{terms.over_cap}"],
    ]
    said = words["result"].format(
        amount=_sum(terms.amount_tiyn, language), version=terms.version, day=short_day(terms.effective_from)
    )
    return Items((Item(said, parts=tuple(parts)),), numbered=False)


def _sum(tiyn: int, language: str) -> str:
    return kzt(tiyn) if language == "en" else kzt(tiyn).replace(".", ",")


def _desks(programme: Programme, words: dict[str, str], language: str) -> tuple[Block, ...]:
    if not programme.complaints:
        return ()
    return (
        Items(
            tuple(
                Item(
                    words["desk"].format(desk=desk.names[language], url=desk.url),
                    words["regions"].format(codes=", ".join(desk.regions)),
                )
                for desk in programme.complaints
            )
        ),
    )


def _goods(programme: Programme, shared: GoodsCatalogue, words: dict[str, str], language: str) -> Section:
    """Every version of the list of goods that is in force while the programme runs (R6)."""
    points = []
    for version in programme.catalogue(shared).versions:
        if version.effective_from > programme.ends_on or (
            version.effective_to is not None and version.effective_to < programme.starts_on
        ):
            continue
        rows = tuple(
            (cell(str(position.number)), cell(position.names[language]), cell(words[position.unit]))
            for position in version.positions.values()
        )
        title = words["goods"].format(version=version.version, day=short_day(version.effective_from))
        points.append(Point("", title, (Grid(("№", words["goods_head"], words["unit"]), rows, (8, 72, 20)),)))
    if not points:
        raise GoodsListMissing(day=programme.starts_on)
    return Section("", words["goods_list"], tuple(points))


def _messages(programme: Programme, words: dict[str, str], language: str) -> Section:
    """The texts of the SMS as they go out in the programme's first month, in the languages that an SMS carries."""
    month = programme.month(programme.months()[0])
    points = []
    for purpose in TEXT_PURPOSES:
        by_language = month.terms.texts.get(purpose, {})
        blocks = tuple(
            Paragraph(
                by_language[one]
                .replace("{deadline}", deadline_in_words(month.deadline, one))
                .replace("{link}", words["your_link"])
            )
            for one in month.terms.sms_languages
            if one in by_language
        )
        if blocks:
            points.append(Point("", words[purpose], blocks))
    return Section("", words["sms"], tuple(points))
