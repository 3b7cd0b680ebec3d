"""A paper as a DOCX file: the same parts as its HTML, in Word's own headings, lists and tables, ready to be edited."""

from __future__ import annotations

import io
from collections.abc import Sequence

from docx import Document
from docx.document import Document as Document_
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import Section as Section_
from docx.shared import Length, Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph as Paragraph_
from docx.text.run import Run

from domain.calendar import ALMATY
from infra.papers.cleaning import clean
from infra.papers.html import TABULAR
from infra.papers.paper import (
    Block,
    Code,
    Drawing,
    Grid,
    Items,
    Paper,
    Paragraph,
    Point,
    Rows,
    Section,
    Signatures,
)
from infra.papers.words import WORDS

NONE = Mm(0)
STANDING, LYING = Mm(173), Mm(260)  # between the margins
MANY_LANES = 4
FONT = "Times New Roman"
DEEP, FINE = RGBColor(0x00, 0x52, 0x5C), RGBColor(0x4C, 0x5B, 0x62)
LANGUAGES = {"kk": "kk-KZ", "ru": "ru-RU", "en": "en-GB"}
Place = Document_ | _Cell


def docx(paper: Paper) -> bytes:
    """The paper as the bytes of a DOCX file; the same paper gives the same text, in the same order, as its HTML."""
    return _Writer(paper).written()


class _Writer:
    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.full = STANDING
        self.document = Document()
        self._styles()
        self._properties()
        self._portrait(self.document.sections[0])
        self._foot(self.document.sections[0])

    def written(self) -> bytes:
        paper = self.paper
        for copy in range(paper.copies):
            if copy:
                self._page_break()
            self._head(copy)
            for section in paper.sections:
                self._section(section)
            self._line(self.document, "", "fine")
            for text in paper.foot:
                line = self._line(self.document, text, "fine")
                line.paragraph_format.keep_with_next = text != paper.foot[-1]
        out = io.BytesIO()
        self.document.save(out)
        return out.getvalue()

    def _styles(self) -> None:
        normal = self.document.styles["Normal"]
        normal.font.name, normal.font.size = FONT, Pt(11.5)
        fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
            fonts.set(qn(script), FONT)
        language = OxmlElement("w:lang")
        language.set(qn("w:val"), LANGUAGES[self.paper.language])
        normal.element.get_or_add_rPr().append(language)
        normal.paragraph_format.space_after = Pt(3)
        normal.paragraph_format.line_spacing = 1.1
        for name, size in (("Title", 16.0), ("Heading 1", 12.5), ("Heading 2", 11.5)):
            style = self.document.styles[name]
            style.font.name, style.font.size, style.font.bold = FONT, Pt(size), True
            style.font.color.rgb = DEEP if name == "Heading 1" else RGBColor(0x17, 0x24, 0x2A)
            properties = style.element.get_or_add_rPr()
            fonts = properties.get_or_add_rFonts()
            for script in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
                fonts.attrib.pop(qn(script), None)
            for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
                fonts.set(qn(script), FONT)
            style.paragraph_format.keep_with_next = True
            style.paragraph_format.space_before = Pt({"Title": 0, "Heading 1": 14, "Heading 2": 8}[name])
            style.paragraph_format.space_after = Pt(4)
        borders = self.document.styles["Title"].element.get_or_add_pPr().find(qn("w:pBdr"))
        if borders is not None:
            borders.getparent().remove(borders)

    def _properties(self) -> None:
        paper, properties = self.paper, self.document.core_properties
        properties.title = clean(f"{paper.title}: {paper.subtitle}")[:250]
        properties.subject = clean(paper.running)
        properties.author = clean(paper.head)[:250]
        properties.comments = ""
        properties.language = LANGUAGES[paper.language]
        made = paper.made_at.astimezone(ALMATY).replace(tzinfo=None, microsecond=0)
        properties.created = properties.modified = made

    def _portrait(self, section: Section_) -> None:
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin, section.right_margin = Mm(22), Mm(15)
        section.top_margin = section.bottom_margin = Mm(17)

    def _foot(self, section: Section_) -> None:
        line = section.footer.paragraphs[0]
        _tone(line.add_run(clean(self.paper.running) + "\t"), "fine")
        before, between, after = (
            WORDS[self.paper.language]["page"].replace("{page}", "\0").replace("{pages}", "\0").split("\0")
        )
        self.document.styles["Footer"].paragraph_format.tab_stops.clear_all()
        stops = line.paragraph_format.tab_stops
        stops.add_tab_stop(
            Mm(260 if section.orientation == WD_ORIENT.LANDSCAPE else 173), WD_TAB_ALIGNMENT.RIGHT
        )
        for text, field in ((before, "PAGE"), (between, "NUMPAGES"), (after, "")):
            if text:
                _tone(line.add_run(text), "fine")
            if field:
                _field(line, field)

    def _head(self, copy: int) -> None:
        paper = self.paper
        if paper.head:
            head = self._line(self.document, paper.head, "fine")
            _ruled(head)  # before the alignment: Word wants them in this order
            head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title = self.document.add_paragraph(clean(paper.title), style="Title")
        subtitle = self._line(self.document, paper.subtitle)
        for line in (title, subtitle):
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        subtitle.runs[0].font.size = Pt(13)
        if paper.copy_words:
            self._line(self.document, paper.copy_words[copy], "fine").alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if paper.about:
            self._rows(self.document, Rows(paper.about))

    def _section(self, section: Section) -> None:
        if self._lies(section):
            self._turned(lying=True)
        elif self.full != STANDING:
            self._turned(lying=False)
        elif section.apart:
            self._page_break()
        if section.title:
            number = f"{section.number}. " if section.number else ""
            heading = self.document.add_paragraph(clean(f"{number}{section.title}"), style="Heading 1")
            heading.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if self.paper.kind in TABULAR and section.points[0].number:
            self._points_table(section.points)
            return
        for point in section.points:
            if point.title:
                number = f"{point.number}. " if point.number else ""
                self.document.add_paragraph(clean(f"{number}{point.title}"), style="Heading 2")
            for block in point.blocks:
                self._block(self.document, block)

    def _lies(self, section: Section) -> bool:
        """Whether a drawing of the section, here a table, wants a page that lies."""
        return any(
            isinstance(block, Drawing) and len(block.grid.heads) > MANY_LANES
            for point in section.points
            for block in point.blocks
        )

    def _turned(self, lying: bool) -> None:
        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        self._portrait(section)
        if lying:
            section.orientation = WD_ORIENT.LANDSCAPE
            section.page_width, section.page_height = Mm(297), Mm(210)
        self.full = LYING if lying else STANDING
        section.footer.is_linked_to_previous = False
        self._foot(section)

    def _points_table(self, points: Sequence[Point]) -> None:
        table = self._table(self.document, (8, 27, 65), len(points))
        for point, row in zip(points, table.rows, strict=True):
            cells = row.cells
            cells[0].text, cells[1].text = clean(point.number), clean(point.title)
            for block in point.blocks:
                self._block(cells[2], block)
            _drop_first_if_empty(cells[2])
        self.document.add_paragraph()

    def _block(self, place: Place, block: Block) -> None:
        match block:
            case Paragraph():
                self._line(place, block.text, block.tone)
            case Items():
                self._items(place, block)
            case Rows():
                self._rows(place, block)
            case Grid():
                self._grid(place, block)
            case Signatures():
                self._signatures(place, block)
            case Code():
                self._code(place, block)
            case Drawing():
                self._grid(place, block.grid)

    def _line(self, place: Place, text: str, tone: str = "") -> Paragraph_:
        line = place.add_paragraph()
        _tone(line.add_run(clean(text)), tone)
        if tone in ("lead", "centre"):
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        return line

    def _items(self, place: Place, block: Items) -> None:
        if block.title:
            title = self._line(place, f"{block.title}:")
            title.runs[0].bold = True
            title.paragraph_format.keep_with_next = True
        for number, item in enumerate(block.items, start=1):
            mark = "☐" if block.boxes else f"{number})" if block.numbered else "–"
            line = place.add_paragraph(f"{mark}\t{clean(item.text)}")
            _hang(line, Mm(7))
            if item.note:
                _tone(line.add_run(f" ({clean(item.note)})"), "fine")
            for part in item.parts:
                _hang(place.add_paragraph(f"–\t{clean(part)}"), Mm(7), Mm(7))

    def _rows(self, place: Place, block: Rows) -> None:
        table = self._table(place, (38, 62), len(block.rows), plain=True)
        for (label, lines), row in zip(block.rows, table.rows, strict=True):
            cells = row.cells
            cells[0].text = clean(label)
            _tone(cells[0].paragraphs[0].runs[0], "fine")
            _fill(cells[1], lines, ())
            if block.ruled:
                _underlined(cells[1])
            else:
                for one in cells:
                    _underlined(one, "B9C6CA")
        self._gap(place)

    def _grid(self, place: Place, block: Grid) -> None:
        if block.caption:
            self._line(place, block.caption).runs[0].bold = True
        table = self._table(place, block.widths, len(block.rows) + 1)
        heads, *rest = table.rows
        for cell, head in zip(heads.cells, block.heads, strict=True):
            cell.text = clean(head)
            cell.paragraphs[0].runs[0].bold = True
            _shaded(cell, "E3F1F3")
        repeat = OxmlElement("w:tblHeader")
        heads._tr.get_or_add_trPr().append(repeat)
        for row, added in zip(block.rows, rest, strict=True):
            added._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
            for cell, content in zip(added.cells, row, strict=True):
                _fill(cell, content.lines, content.fine)
        self._gap(place)

    def _signatures(self, place: Place, block: Signatures) -> None:
        table = self._table(place, (45, 55), len(block.rows), plain=True)
        for (label, name), row in zip(block.rows, table.rows, strict=True):
            cells = row.cells
            cells[0].text, cells[1].text = clean(label), clean(name)
            cells[0].paragraphs[0].paragraph_format.space_before = Pt(14)
            cells[1].paragraphs[0].paragraph_format.space_before = Pt(14)
            _underlined(cells[1])
        self._line(place, block.hint, "fine")

    def _code(self, place: Place, block: Code) -> None:
        table = self._table(place, (26, 74), 1, plain=True)
        cells = table.rows[0].cells
        cells[0].paragraphs[0].add_run().add_picture(io.BytesIO(block.png), width=Mm(38))
        cells[1].text = clean(block.text)
        _linked(cells[1].add_paragraph(), block.shown, block.link)

    def _table(self, place: Place, widths: Sequence[int], rows: int, plain: bool = False) -> Table:
        full = self.full if isinstance(place, Document_) else Mm(108)
        table: Table = place.add_table(rows, len(widths))
        if not plain:
            sides = ("top", "left", "bottom", "right", "insideH", "insideV")
            borders = _bordered("w:tblBorders", sides, "B9C6CA", 4)
            look = table._tbl.tblPr.find(qn("w:tblLook"))  # Word wants what the table looks like last
            if look is None:
                table._tbl.tblPr.append(borders)
            else:
                look.addprevious(borders)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for column, width in zip(table.columns, widths, strict=True):
            share = Length(int(full * width / 100))
            column.width = share
            for cell in column.cells:
                cell.width = share
        return table

    def _gap(self, place: Place) -> None:
        gap = place.add_paragraph()
        gap.paragraph_format.space_after = Pt(0)
        gap.paragraph_format.line_spacing = Pt(6)

    def _page_break(self) -> None:
        self.document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _tone(run: Run, tone: str) -> None:
    if tone == "fine":
        run.font.size, run.font.color.rgb = Pt(9.5), FINE
    elif tone == "lead":
        run.font.size, run.bold = Pt(16), True


def _fill(cell: _Cell, lines: Sequence[str], fine: Sequence[str]) -> None:
    texts = [*((line, "") for line in lines), *((line, "fine") for line in fine)] or [("–", "")]
    for place, (text, tone) in enumerate(texts):
        line = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
        line.paragraph_format.space_after = Pt(1)
        run = line.add_run(clean(text))
        run.font.size = Pt(10.5)
        _tone(run, tone)


def _drop_first_if_empty(cell: _Cell) -> None:
    first = cell.paragraphs[0]
    if not first.text and len(cell.paragraphs) > 1:
        first._p.getparent().remove(first._p)


def _hang(line: Paragraph_, by: Length, indent: Length = NONE) -> None:
    line.paragraph_format.left_indent = Length(by + indent)
    line.paragraph_format.first_line_indent = Length(-by)
    line.paragraph_format.tab_stops.add_tab_stop(Length(by + indent))


def _field(line: Paragraph_, name: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    run = line.add_run("1")
    _tone(run, "fine")
    line._p.remove(run._r)
    field.append(run._r)
    line._p.append(field)


def _linked(line: Paragraph_, text: str, address: str) -> None:
    run = line.add_run(text)
    run.font.size, run.font.color.rgb = Pt(9), DEEP
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), line.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    line._p.remove(run._r)
    link.append(run._r)
    line._p.append(link)


def _bordered(parent_tag: str, sides: Sequence[str], colour: str, eighths: int) -> BaseOxmlElement:
    """Borders at these sides, so many eighths of a point thick."""
    parent: BaseOxmlElement = OxmlElement(parent_tag)
    for side in sides:
        border = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", str(eighths)), ("space", "3"), ("color", colour)):
            border.set(qn(f"w:{key}"), value)
        parent.append(border)
    return parent


def _ruled(line: Paragraph_) -> None:
    line._p.get_or_add_pPr().append(_bordered("w:pBdr", ("bottom",), "00525C", 8))


def _underlined(cell: _Cell, colour: str = "17242A") -> None:
    cell._tc.get_or_add_tcPr().append(_bordered("w:tcBorders", ("bottom",), colour, 4))


def _shaded(cell: _Cell, colour: str) -> None:
    shading = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shading.set(qn(f"w:{key}"), value)
    cell._tc.get_or_add_tcPr().append(shading)
