"""A search's folder: from its files to a checked `Search`, and the digest that its reviewers sign.

    search.yaml    what, why, who, what may leave, how often (search.schema.json says it field by field)
    search.sql     one SELECT over the canonical tables
    tests.yaml     hand-made patients and the outcome each must get
    README.md      optional note, shown beside the figures
    codelists/     the code lists it names; from the packaged ones unless the author keeps others

What travels is `SearchFiles`: the texts, by name. The content digest is SHA-256 over

    "gpfed search v1" 0x00, then for each name in byte order: length of the name, name, length of the text, text

lengths being 8 bytes, big-endian, and texts UTF-8; a code list's name is `codelists/NAME.csv`. Lines end with a line
feed, so that a folder has the same digest on Windows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from searches.canon import BUILT_IN_DIMENSIONS
from searches.codelist import parse_codelist
from searches.errors import CodelistError, DocumentError
from searches.search import DISTRIBUTION, Codelist, Dimension, Good, Measure, Schedule, Search, Target, Unit
from searches.strict_yaml import read_yaml

DOCUMENT, SQL, TESTS, README = "search.yaml", "search.sql", "tests.yaml", "README.md"
FILE_NAMES = (DOCUMENT, SQL, TESTS, README)
MAX_CELLS = 60  # of one table, the totals row among them; the hub and the agent's floor allow no more

_HERE = Path(__file__).parent
LIBRARY_FOLDER = _HERE / "library"
CODELISTS_FOLDER = _HERE / "codelists"

# No control characters, none that hide or turn round the words around them, no line separators.
_ODD = r"\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_Line = Annotated[str, Field(min_length=1, max_length=200, pattern=f"^[^{_ODD}]+$")]
_Prose = Annotated[str, Field(min_length=1, max_length=10_000)]
_DimensionValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,+<>=/()'&_-]{0,39}$")]
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)
_RESERVED = {*BUILT_IN_DIMENSIONS, "patient_id", "appointment_id", "outcome", "value"}


class ComputedDimension(BaseModel):
    """A dimension that the SQL computes with CASE; its values are declared in display order."""

    model_config = _STRICT

    name: _Name
    values: Annotated[list[_DimensionValue], Field(min_length=2, max_length=30)]

    @model_validator(mode="after")
    def _is_closed(self) -> ComputedDimension:
        if self.name in _RESERVED:
            raise ValueError(f"{self.name} is reserved: a built-in dimension is named without values")
        if len(set(self.values)) != len(self.values):
            raise ValueError("a value stands twice")
        return self


def _dimension_kind(value: object) -> str:
    return "built-in" if isinstance(value, str) else "computed"


_DimensionDocument = Annotated[
    Annotated[Literal["age_band", "sex", "imd_quintile"], Tag("built-in")]
    | Annotated[ComputedDimension, Tag("computed")],
    Discriminator(_dimension_kind),
]
"""A built-in dimension by its name, or a computed one with its values."""


class TargetDocument(BaseModel):
    """A proportion to reach and who set it."""

    model_config = _STRICT

    value: Annotated[float, Field(gt=0, le=1)]
    source: _Line


_Number = Annotated[float, Field(ge=-1_000_000, le=1_000_000, multiple_of=0.001)]


class MeasureDocument(BaseModel):
    """What the value of a distribution is, and its range: a value beyond it counts as its end."""

    model_config = _STRICT

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=f"^[^{_ODD}]+$", description="in a sentence")]
    unit: Annotated[str, Field(min_length=1, max_length=20, pattern=f"^[^{_ODD}]+$", description="such as mmHg")]
    low: _Number
    high: _Number

    @model_validator(mode="after")
    def _is_a_range(self) -> MeasureDocument:
        if not self.low < self.high:
            raise ValueError(f"the range goes from {self.low:g} to {self.high:g}, expected low below high")
        return self


class SearchDocument(BaseModel):
    """search.yaml."""

    model_config = ConfigDict(**_STRICT, title="A search of GPFed (search.yaml)")

    schema_: Annotated[Literal[1], Field(alias="schema", description="version of this format")]
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60, description="the folder's name")]
    title: _Line
    why_it_matters: Annotated[_Prose, Field(description="markdown, shown on the dashboard")]
    unit: Annotated[Literal["person", "appointment"], Field(description="what one row of the answer is")]
    kind: Literal["proportion", "count", "distribution"]
    measure: Annotated[MeasureDocument | None, Field(description="of a distribution: what its value is")] = None
    dimensions: Annotated[
        list[_DimensionDocument],
        Field(max_length=2, description="closed ways to split the counts"),
    ]
    codelists: Annotated[list[_Name], Field(max_length=60, description="every list used as codelist.NAME")]
    good: Literal["higher", "lower", "neutral"]
    target: TargetDocument | None = None
    schedule: Literal["weekly", "monthly", "quarterly", "yearly"]
    service_year: Annotated[str, Field(pattern=r"^[0-9]{4}/[0-9]{2}$")] | None = None
    official_name: Annotated[_Line | None, Field(description="the official indicator it implements")] = None
    owner: _Line
    authored_by: _Line
    next_review: date

    @model_validator(mode="after")
    def _is_consistent(self) -> SearchDocument:
        names = [dimension if isinstance(dimension, str) else dimension.name for dimension in self.dimensions]
        if len(set(names)) != len(names) or len(set(self.codelists)) != len(self.codelists):
            raise ValueError("a dimension or code list stands twice")
        self._check_measure()
        cells = 1
        for dimension in self.dimensions:
            cells *= len(_dimension(dimension).values)
        if cells + 1 > MAX_CELLS:
            raise ValueError(f"{cells} cells and the totals row are more than {MAX_CELLS}")
        return self

    def _check_measure(self) -> None:
        if (self.kind == DISTRIBUTION) != (self.measure is not None):
            raise ValueError("kind distribution has a measure, and no other kind has one")
        if self.kind == DISTRIBUTION and self.unit != "person":
            raise ValueError("a distribution is of people: its unit is person")
        if self.kind == DISTRIBUTION and self.target is not None:
            raise ValueError("a distribution has no target: a target is a proportion")


@dataclass(frozen=True, slots=True)
class SearchFiles:
    """What travels and is signed: the texts of a search and of its code lists, by name.

    Args:
        files: search.yaml, search.sql, and where present tests.yaml and README.md.
        codelists: name, as in `codelist.NAME`, -> CSV text.
    """

    files: Mapping[str, str]
    codelists: Mapping[str, str]


def read_folder(folder: Path, codelists: Path | None = None) -> SearchFiles:
    """Read the files of a search and the code lists it names.

    Args:
        folder: of the search.
        codelists: the folder of NAME.csv; the packaged lists if not given.

    Raises:
        DocumentError: a file is missing, is not UTF-8, or search.yaml is not valid.
        CodelistError: a code list is missing.
    """
    files = {name: _read_text(folder / name) for name in FILE_NAMES if (folder / name).is_file()}
    for needed in (DOCUMENT, SQL):
        if needed not in files:
            raise DocumentError(
                f"{folder.name} has no {needed}", "a search is a folder with search.yaml and search.sql"
            )
    where = codelists or CODELISTS_FOLDER
    texts = {}
    for name in _document(files).codelists:
        if not (where / f"{name}.csv").is_file():
            raise CodelistError(f"there is no code list {name}", f"write {name}.csv in {where}")
        texts[name] = _read_text(where / f"{name}.csv")
    return SearchFiles(files, texts)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")  # universal newlines: the same text and digest on every platform
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path.name} cannot be read as UTF-8 text") from error


def read_search(files: SearchFiles) -> Search:
    """Check a search: its document, its code lists, and every rule of its SQL. Nothing runs, nothing is connected.

    Raises:
        DocumentError: search.yaml is not valid, or a file travels that does not belong.
        CodelistError: a code list is missing, malformed or fails its check digits.
        RuleError: the SQL breaks a rule.
    """
    from searches.parse import parse  # noqa: PLC0415 - sqlglot takes 100 ms and 20 MB; the waiting agent needs neither
    from searches.rules import Declared, check  # noqa: PLC0415 - as above

    document = _document(files.files)
    codelists = _codelists(document, files.codelists)
    dimensions = tuple(_dimension(dimension) for dimension in document.dimensions)
    check(
        parse(files.files[SQL]), Declared(Unit(document.unit), document.kind, dimensions, frozenset(document.codelists))
    )
    return _search(document, files, codelists, dimensions)


def load_search(folder: Path, codelists: Path | None = None) -> Search:
    """Read and check the search of a folder, whose name is the search's id.

    Raises:
        DocumentError: the folder is not a valid search, or has another name than its id.
        CodelistError: a code list is missing or malformed.
        RuleError: the SQL breaks a rule.
    """
    search = read_search(read_folder(folder, codelists))
    if search.id != folder.resolve().name:
        raise DocumentError(f"the folder is named {folder.resolve().name}, its id is {search.id}", "rename one of them")
    return search


def library() -> tuple[str, ...]:
    """The ids of the packaged searches, sorted."""
    return tuple(sorted(path.parent.name for path in LIBRARY_FOLDER.glob(f"*/{DOCUMENT}")))


def library_folder(search_id: str) -> Path:
    """The folder of a packaged search.

    Raises:
        DocumentError: there is no such search.
    """
    if search_id not in library():
        raise DocumentError(f"there is no packaged search {search_id}", f"choose one of: {', '.join(library())}")
    return LIBRARY_FOLDER / search_id


def content_digest(files: SearchFiles) -> str:
    """SHA-256 (hex) over every file of a search and every code list it uses, as the module's docstring says."""
    texts = {**files.files, **{f"codelists/{name}.csv": text for name, text in files.codelists.items()}}
    digest = hashlib.sha256(b"gpfed search v1\0")
    for name, text in sorted((name.encode(), text.encode()) for name, text in texts.items()):
        for part in (name, text):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def json_schema() -> str:
    """The published JSON Schema of search.yaml."""
    schema = SearchDocument.model_json_schema(by_alias=True)
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


def _document(files: Mapping[str, str]) -> SearchDocument:
    unknown = sorted(set(files) - set(FILE_NAMES))
    if unknown or DOCUMENT not in files or SQL not in files:
        what = f"{unknown[0]!r} does not belong to a search" if unknown else f"{DOCUMENT} or {SQL} is missing"
        raise DocumentError(what, f"a search has: {', '.join(FILE_NAMES)}")
    content = read_yaml(DOCUMENT, files[DOCUMENT])
    if not isinstance(content, dict):
        raise DocumentError(f"{DOCUMENT} is not a list of fields", "write one field per line, as field: value")
    try:
        return SearchDocument.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "as a whole"
        raise DocumentError(f"{DOCUMENT}, {place}: {first['msg']}", "see search.schema.json; quote texts") from error


def _codelists(document: SearchDocument, texts: Mapping[str, str]) -> dict[str, Codelist]:
    if set(texts) != set(document.codelists):
        different = min(set(texts) ^ set(document.codelists))
        raise CodelistError(f"code list {different} is either declared or sent, not both", "send the lists declared")
    return {name: parse_codelist(name, texts[name]) for name in document.codelists}


def _dimension(dimension: str | ComputedDimension) -> Dimension:
    if isinstance(dimension, str):
        return Dimension(dimension, BUILT_IN_DIMENSIONS[dimension])
    return Dimension(dimension.name, tuple(dimension.values))


def _measure(document: SearchDocument) -> Measure | None:
    if document.measure is None:
        return None
    low, high = (Decimal(str(end)) for end in (document.measure.low, document.measure.high))
    return Measure(low, high, document.measure.name, document.measure.unit)


def _search(
    document: SearchDocument, files: SearchFiles, codelists: Mapping[str, Codelist], dimensions: tuple[Dimension, ...]
) -> Search:
    target = document.target
    return Search(
        id=document.id,
        title=document.title,
        why_it_matters=document.why_it_matters,
        unit=Unit(document.unit),
        kind=document.kind,
        dimensions=dimensions,
        codelists=codelists,
        good=Good(document.good),
        target=Target(Decimal(str(target.value)), target.source) if target is not None else None,
        schedule=Schedule(document.schedule),
        owner=document.owner,
        authored_by=document.authored_by,
        next_review=document.next_review,
        sql=files.files[SQL],
        digest=content_digest(files),
        service_year=document.service_year or "",
        official_name=document.official_name or "",
        explanation=files.files.get(README, ""),
        measure=_measure(document),
    )
